-- expect: MEMORY
-- why: the engine's own objects count as the script's memory
function Run()
  local kept = {}
  for i = 1, math.huge do kept[i] = worker.bytes("x" .. i) end
end
