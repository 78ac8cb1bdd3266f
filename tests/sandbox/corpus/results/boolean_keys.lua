-- expect: BAD_RESULT
-- why: keys that are neither integers nor strings
function Run() return { [true] = 1 } end
