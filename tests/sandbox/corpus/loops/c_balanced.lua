-- expect: TIMEOUT
-- why: %b on a million opening brackets starts over at each of them
-- in-thread: not stopped: no hook fires inside Lua's C functions
function Run()
  return (("("):rep(1000000):find("%b()"))
end
