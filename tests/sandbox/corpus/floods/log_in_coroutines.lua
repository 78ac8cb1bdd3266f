-- expect: TIMEOUT
-- why: many coroutines that print
function Run()
  local swarm = {}
  for i = 1, 100 do
    swarm[i] = coroutine.wrap(function() while true do print(i) coroutine.yield() end end)
  end
  while true do
    for i = 1, #swarm do swarm[i]() end
  end
end
