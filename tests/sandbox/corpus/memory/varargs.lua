-- expect: MEMORY FAILED
-- why: arguments by the hundred thousand, on the stack
function Run()
  local kept = {}
  local list = {}
  for i = 1, 200000 do list[i] = i end
  for i = 1, 1000 do kept[i] = table.pack(table.unpack(list)) end
end
