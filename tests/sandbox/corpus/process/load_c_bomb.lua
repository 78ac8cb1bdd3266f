-- expect: refused
-- why: one endless C call in the chunk
-- in-thread: not stopped: no hook fires inside Lua's C functions
local _ = ("a"):rep(60000):find((".-"):rep(30) .. "b")
function Run() end
