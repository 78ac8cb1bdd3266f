-- expect: FAILED
-- why: coroutines within coroutines
local function down() return (coroutine.wrap(down)()) end
function Run() return down() end
