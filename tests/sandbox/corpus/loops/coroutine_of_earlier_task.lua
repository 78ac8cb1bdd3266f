-- expect: ok TIMEOUT
-- why: a coroutine made and left by one task, which no deadline watched then, loops in the next
-- turns: 2
local left = coroutine.wrap(function()
  coroutine.yield("left")
  while true do end
end)
function Run() return left() end
