-- expect: refused
-- why: a yield in init
return { run = print, init = function() coroutine.yield() end }
