-- expect: TIMEOUT
-- why: a coroutine that was made and resumed before any task had a deadline
local work = coroutine.create(function()
  coroutine.yield()
  while true do pcall(function() while true do end end) end
end)
coroutine.resume(work)
function Run()
  coroutine.resume(work)
  return "never"
end
