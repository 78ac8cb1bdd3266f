-- expect: FAILED ok TIMEOUT
-- why: recursion through xpcall and through its handler
local function down()
  local ok, value = xpcall(down, function() return down() end)
  return ok and value or 1
end
function Run() return down() end
