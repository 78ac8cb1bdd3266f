-- expect: TIMEOUT
-- in-thread: may go on: the hook counts instructions, and few of them take very long
-- why: numerals of a million digits
function Run()
  local decimal, hex = ("9"):rep(1000000), "0x" .. ("f"):rep(1000000)
  while true do
    tonumber(decimal) tonumber(hex) tonumber(decimal .. "e-999999") tonumber(decimal, 36)
  end
end
