-- expect: TIMEOUT
-- why: resume is a pcall of its own
function Run()
  while true do
    coroutine.resume(coroutine.create(function()
      while true do
        coroutine.resume(coroutine.create(function() while true do end end))
      end
    end))
  end
end
