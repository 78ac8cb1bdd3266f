-- expect: FAILED ok
-- why: recursion through pcall
local function down()
  local ok, value = pcall(down)
  return ok and value or 1
end
function Run() return down() end
