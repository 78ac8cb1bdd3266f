-- expect: TIMEOUT
-- why: the loop is sixty coroutines deep
local function down(level)
  if level == 0 then while true do end end
  return coroutine.wrap(down)(level - 1)
end
function Run() return down(60) end
