-- expect: TIMEOUT
-- why: an iterator whose one step is the bomb
-- in-thread: not stopped: no hook fires inside Lua's C functions
function Run()
  for _ in ("a"):rep(60000):gmatch((".-"):rep(30) .. "b") do end
end
