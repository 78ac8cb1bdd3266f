-- expect: TIMEOUT
-- why: an __index of _G that loops when anybody reads a missing global
setmetatable(_G, { __index = function() while true do end end })
function Run() return missing end
