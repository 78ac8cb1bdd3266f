-- expect: FAILED
-- why: recursion through print
local t = {}
local function down() print(t) return "" end
setmetatable(t, { __tostring = down })
function Run() return down() end
