-- expect: TIMEOUT
-- why: a message handler inside a coroutine, where PUC Lua keeps another hook
function Run()
  while true do
    coroutine.wrap(function()
      xpcall(error, function() while true do end end)
    end)()
  end
end
