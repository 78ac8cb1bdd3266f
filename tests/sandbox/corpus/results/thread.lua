-- expect: BAD_RESULT
-- why: a coroutine cannot be carried
function Run() return coroutine.create(print) end
