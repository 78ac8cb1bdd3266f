-- expect: TIMEOUT
-- why: stacked greedy repetitions, in one C call
-- in-thread: not stopped: no hook fires inside Lua's C functions
function Run()
  return (("a"):rep(1000):match(("a*"):rep(100) .. "b"))
end
