-- expect: TIMEOUT
-- why: __tostring loops inside the C function tostring
function Run()
  return tostring(setmetatable({}, { __tostring = function() while true do end end }))
end
