-- expect: FAILED
-- why: a million tables, each the __index of the next
-- memory_mb: 512
function Run()
  local t = {}
  for _ = 1, 1000000 do t = setmetatable({}, { __index = t }) end
  return { t.x == nil and error("went all the way") }
end
