-- expect: FAILED
-- why: recursion through tostring
local t = {}
local function down() return (tostring(t)) end
setmetatable(t, { __tostring = down })
function Run() return down() end
