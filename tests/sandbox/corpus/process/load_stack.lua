-- expect: refused
-- why: the chunk overruns the stack
local function down() return (("x"):gsub("x", down)) end
down()
function Run() end
