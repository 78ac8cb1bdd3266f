-- expect: ok TIMEOUT
-- why: a line for the log each turn of a loop
-- timeout_s: 1
function Run()
  for i = 1, 300000 do print("line", i) end
  return "ended"
end
