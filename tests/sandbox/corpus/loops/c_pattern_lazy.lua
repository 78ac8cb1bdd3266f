-- expect: TIMEOUT
-- why: stacked lazy repetitions are exponential, inside one C call that no hook can leave
-- in-thread: not stopped: no hook fires inside Lua's C functions
function Run()
  return (("a"):rep(60000):find((".-"):rep(30) .. "b"))
end
