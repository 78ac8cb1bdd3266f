-- expect: FAILED
-- why: a yield where there is no coroutine
function Run() coroutine.yield({ "up" }) end
