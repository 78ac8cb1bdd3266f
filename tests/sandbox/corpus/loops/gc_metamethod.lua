-- expect: FAILED
-- why: __gc runs outside every limit, so it is refused
function Run()
  for _ = 1, 1000 do
    setmetatable({}, { __gc = function() while true do end end })
  end
end
