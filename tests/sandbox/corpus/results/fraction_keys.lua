-- expect: BAD_RESULT
-- why: keys that are neither integers nor strings
function Run() return { [1.5] = 1 } end
