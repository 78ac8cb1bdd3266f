-- expect: TIMEOUT
-- why: one lazy item on a long text is quadratic
-- in-thread: not stopped: no hook fires inside Lua's C functions
function Run()
  return (("a"):rep(2000000):find(".-b"))
end
