-- expect: MEMORY
-- why: strings that fit the memory one by one and not together
function Run()
  local kept = {}
  for i = 1, 100 do kept[i] = ("x"):rep(10 * 1024 * 1024 + i) end
end
