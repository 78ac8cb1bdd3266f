-- expect: MEMORY
-- why: the engine's notes about tables count as the script's memory
function Run()
  local kept = {}
  for i = 1, math.huge do kept[i] = worker.array({}, i) end
end
