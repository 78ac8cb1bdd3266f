-- expect: TIMEOUT
-- why: lines of a megabyte
function Run()
  local line = ("x"):rep(1000000)
  while true do print(line, line, line) end
end
