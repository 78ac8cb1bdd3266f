-- expect: FAILED
-- why: recursion through __concat
local t = {}
local function down() return t .. t end
setmetatable(t, { __concat = down })
function Run() return down() end
