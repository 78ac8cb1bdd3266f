-- expect: TIMEOUT
-- why: print calls __tostring on the engine's side
function Run()
  print(setmetatable({}, { __tostring = function() while true do end end }))
end
