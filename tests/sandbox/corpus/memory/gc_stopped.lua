-- expect: FAILED
-- why: a script cannot switch the collector off
function Run()
  collectgarbage("stop")
  while true do local _ = {} end
end
