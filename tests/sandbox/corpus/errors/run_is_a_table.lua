-- expect: refused
-- why: Run that only looks like a function
Run = setmetatable({}, { __call = function() return 1 end, __index = function() return function() end end })
