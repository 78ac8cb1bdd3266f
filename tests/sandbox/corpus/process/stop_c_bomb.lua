-- expect: ok
-- why: one endless C call in stop
-- in-thread: not stopped: no hook fires inside Lua's C functions
return {
  run = function() return 1 end,
  stop = function() return ("a"):rep(60000):find((".-"):rep(30) .. "b") end,
}
