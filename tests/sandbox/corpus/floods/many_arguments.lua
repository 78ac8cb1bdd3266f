-- expect: TIMEOUT
-- why: thousands of values in one line
function Run()
  local list = {}
  for i = 1, 7000 do list[i] = "value " .. i end
  while true do print(table.unpack(list)) end
end
