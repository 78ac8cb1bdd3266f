-- expect: TIMEOUT FAILED
-- in-thread: may go on: the hook counts instructions, and few of them take very long
-- why: a date format of a hundred thousand conversions
function Run()
  local format = ("%c"):rep(100000)
  while true do os.date(format) end
end
