-- expect: TIMEOUT FAILED
-- why: the overflow is caught, and recursion goes on from there
local function down() pcall(down) return down() end
function Run() return down() end
