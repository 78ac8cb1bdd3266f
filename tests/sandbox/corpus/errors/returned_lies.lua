-- expect: refused
-- why: a returned table whose run is made up by __index
return setmetatable({}, { __index = function() return function() return 1 end end })
