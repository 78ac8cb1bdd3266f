-- expect: FAILED
-- why: recursion through __add, __unm and __len
local t = {}
local function down() return (t + 1) + (-t) end
setmetatable(t, { __add = down, __unm = down, __len = down })
function Run() return down() end
