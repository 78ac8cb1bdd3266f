-- expect: MEMORY
-- why: one map with ever new keys
function Run()
  local map = {}
  for i = 1, math.huge do map["key" .. i] = true end
end
