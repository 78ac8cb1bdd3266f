-- expect: FAILED
-- why: recursion through string.format and __tostring
local t = {}
local function down() return ("%s"):format(t) end
setmetatable(t, { __tostring = down })
function Run() return down() end
