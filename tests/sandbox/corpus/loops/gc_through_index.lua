-- expect: ok
-- why: a metatable that answers __gc only through its own metatable has none
local called = false
function Run()
  local sly = setmetatable({}, { __index = { __gc = function() called = true while true do end end } })
  for _ = 1, 1000 do setmetatable({}, sly) end
  for _ = 1, 200000 do local _ = { {} } end
  assert(not called)
  return "quiet"
end
