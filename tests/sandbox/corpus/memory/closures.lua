-- expect: MEMORY
-- why: functions with upvalues
function Run()
  local kept = {}
  for i = 1, math.huge do kept[i] = function() return i, kept end end
end
