-- expect: FAILED MEMORY
-- why: one string longer than all the memory
function Run()
  return #("x"):rep(1e15)
end
