-- expect: FAILED
-- why: recursion through table.sort
local function down() table.sort({ 3, 1, 2 }, down) return true end
function Run() return down() end
