-- expect: TIMEOUT
-- why: hooks belong to a coroutine in PUC Lua; errors of a dead one are easy to swallow
function Run()
  while true do
    pcall(coroutine.wrap(function() while true do end end))
  end
end
