-- expect: TIMEOUT
-- in-thread: may go on: the hook counts instructions, and few of them take very long
-- why: C functions over megabytes, each too short for a hook to see
function Run()
  local text = ("x"):rep(4000000)
  while true do
    text:upper() text:reverse() text:lower()
    local _ = text .. "y" < text .. "z"
    text:byte(1, 100) text:sub(2)
  end
end
