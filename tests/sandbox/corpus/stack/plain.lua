-- expect: FAILED
-- why: recursion without an end
-- memory_mb: 128
local function down() return 1 + down() end
function Run() return down() end
