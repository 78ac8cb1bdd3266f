-- expect: TIMEOUT
-- in-thread: may go on: the hook counts instructions, and few of them take very long
-- why: the compiler works for long on one call, again and again
-- memory_mb: 256
function Run()
  local source = ("x = x\n"):rep(1000000)
  while true do load(source) end
end
