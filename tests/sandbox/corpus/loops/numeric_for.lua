-- expect: TIMEOUT
-- why: a count that never arrives
function Run()
  for i = 1, math.huge do end
end
