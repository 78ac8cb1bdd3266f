-- expect: TIMEOUT
-- why: a loop that calls and compares, so that a compiler does not drop it
function Run()
  local n = 0
  repeat n = math.max(n, 1) until n == 2
end
