-- expect: FAILED
-- why: recursion through __eq
local m = {}
local function down() return setmetatable({}, m) == setmetatable({}, m) end
m.__eq = down
function Run() return down() end
