-- expect: FAILED
-- why: a string pushed byte by byte
function Run()
  return { (("x"):rep(10000000):byte(1, -1)) }
end
