-- expect: FAILED
-- why: recursion through __lt and __le
local m = {}
local function down() return setmetatable({}, m) < setmetatable({}, m) and 1 end
m.__lt = down
m.__le = down
function Run() return down() end
