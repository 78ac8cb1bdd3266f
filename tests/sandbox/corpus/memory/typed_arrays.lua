-- expect: MEMORY BAD_RESULT
-- why: a typed array is copied outside of Lua's tables when it is sent
function Run()
  local list = {}
  for i = 1, 1000000 do list[i] = i + 0.5 end
  local kept = {}
  for i = 1, 100 do kept[i] = worker.typed_array("d", list, { 1000, 1000 }) end
  return { kept, kept, kept, kept }
end
