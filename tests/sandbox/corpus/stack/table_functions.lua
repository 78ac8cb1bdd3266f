-- expect: FAILED ok
-- why: table functions of Lua 5.4 call __index and __newindex from C
local t = {}
local function down()
  table.concat(t)
  table.insert(t, 1)
  table.move(t, 1, 2, 3)
  table.unpack(t, 1, 2)
  table.remove(t)
  return "x"
end
setmetatable(t, { __index = down, __newindex = down, __len = function() down() return 2 end })
function Run()
  down()
  return "ended"
end
