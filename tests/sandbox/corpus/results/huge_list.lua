-- expect: BAD_RESULT MEMORY
-- why: more numbers than a result may hold
function Run()
  local list = {}
  for i = 1, 1500000 do list[i] = 5 end
  return list
end
