-- expect: FAILED
-- why: LuaJIT has no limit of its own to nested C calls
local function down() return (("x"):gsub("x", down)) end
function Run() return down() end
