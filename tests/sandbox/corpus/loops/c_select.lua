-- expect: TIMEOUT
-- why: print, format and utf8.char walk their arguments: thousands at a time
function Run()
  local many = {}
  for i = 1, 7000 do many[i] = 65 end
  while true do
    pcall(utf8.char, table.unpack(many))
    pcall(string.char, table.unpack(many))
    pcall(string.format, ("%s"):rep(90), table.unpack(many))
    pcall(math.max, table.unpack(many))
  end
end
