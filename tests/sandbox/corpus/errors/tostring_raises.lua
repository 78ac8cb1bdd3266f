-- expect: FAILED
-- why: an error object that raises another one when it is shown
local m = {}
m.__tostring = function() error(setmetatable({}, m)) end
function Run() error(setmetatable({}, m)) end
