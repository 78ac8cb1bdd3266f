-- expect: MEMORY
-- why: table.concat of one long string many times
function Run()
  local list, s = {}, ("x"):rep(1000000)
  for i = 1, 1000 do list[i] = s end
  return #table.concat(list)
end
