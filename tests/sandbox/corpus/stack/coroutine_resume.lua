-- expect: FAILED
-- why: coroutines within coroutines
local function down() return assert(coroutine.resume(coroutine.create(down))) end
function Run() return down() end
