-- expect: FAILED
-- why: calls with a million arguments, through every function that takes them
function Run()
  local list = {}
  for i = 1, 250000 do list[i] = 65 end
  local function twice(...) return twice(1, ...) + select("#", ...) end
  pcall(string.char, table.unpack(list, 1, 200000))
  pcall(select, -1, table.unpack(list, 1, 200000))
  pcall(coroutine.wrap(function(...) return ... end), table.unpack(list, 1, 7000))
  return twice(table.unpack(list, 1, 7000))
end
