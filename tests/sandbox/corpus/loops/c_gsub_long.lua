-- expect: TIMEOUT
-- in-thread: may go on: the hook counts instructions, and few of them take very long
-- why: gsub over 1e8 characters
-- memory_mb: 512
function Run()
  local text = ("x"):rep(1e8)
  while true do text:gsub("y", "") text:gsub("x", "") end
end
