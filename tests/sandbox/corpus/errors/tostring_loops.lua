-- expect: TIMEOUT
-- why: an error object that loops when it is shown
function Run() error(setmetatable({}, { __tostring = function() while true do end end })) end
