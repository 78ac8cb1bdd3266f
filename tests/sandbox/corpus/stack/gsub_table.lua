-- expect: FAILED
-- why: gsub looks the replacement up in a table whose __index calls gsub
local lookup = {}
local function down() return (("x"):gsub("x", lookup)) end
setmetatable(lookup, { __index = down })
function Run() return down() end
