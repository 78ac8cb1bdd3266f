-- expect: FAILED
-- why: recursion through __call
-- memory_mb: 128
local t = {}
local function down() return 1 + t() end
setmetatable(t, { __call = down })
function Run() return down() end
