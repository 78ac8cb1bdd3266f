-- expect: FAILED
-- why: recursion through __index
local t = {}
local function down() return 1 + t.x end
setmetatable(t, { __index = down })
function Run() return down() end
