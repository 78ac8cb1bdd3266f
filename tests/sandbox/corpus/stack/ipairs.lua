-- expect: FAILED ok
-- why: ipairs of Lua 5.4 calls __index from C, pairs calls __pairs
local t = {}
local function down()
  for _ in ipairs(t) do end
  for _ in pairs(t) do end
  return nil
end
setmetatable(t, { __index = down, __pairs = down })
function Run()
  down()
  return "ended"
end
