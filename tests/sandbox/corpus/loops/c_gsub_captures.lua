-- expect: TIMEOUT
-- why: thirty captures, each lazy
-- in-thread: not stopped: no hook fires inside Lua's C functions
function Run()
  return (("a"):rep(60000):gsub(("(.-)"):rep(30) .. "b", "%1"))
end
