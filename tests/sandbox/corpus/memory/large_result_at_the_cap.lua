-- expect: MEMORY BAD_RESULT
-- why: the result is made where there is hardly room for it
function Run()
  local list = {}
  for i = 1, 20 do list[i] = ("x"):rep(1400000) .. i end
  return list
end
