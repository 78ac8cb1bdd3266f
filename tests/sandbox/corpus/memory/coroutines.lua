-- expect: MEMORY
-- why: every coroutine has a stack of its own
function Run()
  local kept = {}
  for i = 1, math.huge do
    kept[i] = coroutine.create(function() coroutine.yield() end)
    coroutine.resume(kept[i])
  end
end
