-- expect: FAILED
-- why: recursion through table.sort and __lt
local m = {}
local function down()
  table.sort({ setmetatable({}, m), setmetatable({}, m) })
  return true
end
m.__lt = down
function Run() return down() end
