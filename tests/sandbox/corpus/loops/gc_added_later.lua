-- expect: ok
-- why: a __gc that is put into the metatable afterwards must never be called
local called = false
function Run()
  local metatable = {}
  for _ = 1, 1000 do setmetatable({}, metatable) end
  metatable.__gc = function() called = true while true do end end
  for _ = 1, 200000 do local _ = { {} } end
  assert(not called)
  return "quiet"
end
