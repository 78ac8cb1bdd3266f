-- expect: MEMORY
-- why: formatted strings, all kept
function Run()
  local kept = {}
  for i = 1, math.huge do kept[i] = ("%099d"):format(i) end
end
