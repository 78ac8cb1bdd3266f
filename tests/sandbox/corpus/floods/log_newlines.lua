-- expect: TIMEOUT
-- why: one call, many lines
function Run()
  local text = ("line\n"):rep(1000)
  while true do worker.log("info", text) end
end
