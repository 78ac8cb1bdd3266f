-- expect: TIMEOUT
-- why: the compiler walks a list of jumps for each part of a condition, which is quadratic
-- in-thread: not stopped: no hook fires inside Lua's C functions
-- memory_mb: 128
function Run()
  local source = "return " .. ("x and "):rep(500000) .. "x"
  while true do load(source) end
end
