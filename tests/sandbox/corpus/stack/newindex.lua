-- expect: FAILED
-- why: recursion through __newindex
local t = {}
local function down() t[{}] = 1 return 1 end
setmetatable(t, { __newindex = function() return 1 + down() end })
function Run() return down() end
