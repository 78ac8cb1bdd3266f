-- expect: FAILED TIMEOUT ok
-- why: recursion through __close of Lua 5.4
function Run()
  local chunk = load([[
    local guard
    local function down() local held <close> = guard end
    guard = setmetatable({}, { __close = down })
    down()
  ]])
  if chunk then chunk() end
  return "ended"
end
