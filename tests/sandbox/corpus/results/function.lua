-- expect: BAD_RESULT
-- why: a function cannot be carried
function Run() return { units = { { think = print } } } end
