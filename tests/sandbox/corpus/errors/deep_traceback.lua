-- expect: FAILED
-- why: a traceback of thousands of frames with long names
local long = ("n"):rep(200)
local chunk = load("local f function f(n) if n == 0 then error('deep') end local r = f(n - 1) return r end return f", "@" .. long)
function Run() return chunk()(5000) end
