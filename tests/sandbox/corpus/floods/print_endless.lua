-- expect: TIMEOUT
-- why: prints until it is stopped
function Run()
  while true do print("again") end
end
