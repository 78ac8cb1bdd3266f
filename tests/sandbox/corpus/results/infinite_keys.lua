-- expect: BAD_RESULT
-- why: the largest and the smallest number there is, as keys
function Run() return { [math.huge] = 1, [-math.huge] = 2 } end
