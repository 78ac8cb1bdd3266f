-- expect: FAILED
-- why: an error object that shows itself to show itself
local m = {}
m.__tostring = function(self) return (tostring(self)) end
function Run() error(setmetatable({}, m)) end
