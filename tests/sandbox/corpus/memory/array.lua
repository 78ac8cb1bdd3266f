-- expect: MEMORY
-- why: one list that doubles: the last growth is a single huge allocation
function Run()
  local list = {}
  for i = 1, math.huge do list[i] = i end
end
