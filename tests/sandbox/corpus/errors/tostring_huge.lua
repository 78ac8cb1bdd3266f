-- expect: FAILED MEMORY
-- why: a message of ten megabytes, made when it is shown
function Run()
  error(setmetatable({}, { __tostring = function() return ("x"):rep(10000000) end }))
end
