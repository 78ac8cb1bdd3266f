-- expect: TIMEOUT
-- why: a plain search whose every place nearly matches, without any pattern
-- in-thread: not stopped: no hook fires inside Lua's C functions
function Run()
  local text, wanted = ("a"):rep(8000000), ("a"):rep(4000000) .. "b"
  while true do text:find(wanted, 1, true) end
end
