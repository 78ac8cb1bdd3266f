-- expect: FAILED
-- why: os.time reads its table's fields in C, through a __index that calls os.time
local t = {}
local function down() return 1 + os.time(t) end
setmetatable(t, { __index = down })
function Run() return down() end
