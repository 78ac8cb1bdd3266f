-- expect: TIMEOUT
-- why: stacked optional items, 2^n ways to fail
-- in-thread: not stopped: no hook fires inside Lua's C functions
function Run()
  return (("a"):rep(60):match(("a?"):rep(60) .. ("a"):rep(60) .. "b"))
end
