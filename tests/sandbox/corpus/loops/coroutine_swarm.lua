-- expect: TIMEOUT
-- why: ten thousand coroutines that take turns for ever
function Run()
  local swarm = {}
  for i = 1, 10000 do
    swarm[i] = coroutine.create(function() while true do coroutine.yield() end end)
  end
  while true do
    for i = 1, #swarm do coroutine.resume(swarm[i]) end
  end
end
