-- expect: TIMEOUT
-- why: string.pack of Lua 5.4 with endless formats
function Run()
  local format = ("i8"):rep(1000000)
  while true do
    if string.packsize then
      pcall(string.packsize, format)
      pcall(string.pack, ("!16 i16 Xi16"):rep(10000), 1)
      pcall(string.unpack, format, "x")
    end
  end
end
