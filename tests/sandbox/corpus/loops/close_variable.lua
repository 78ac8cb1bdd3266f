-- expect: TIMEOUT
-- why: Lua 5.4 runs __close while the deadline's error unwinds
local body = [[
  local guard = setmetatable({}, { __close = function() while true do end end })
  while true do local held <close> = guard end
]]
function Run()
  local chunk = load(body) or function() while true do end end
  while true do pcall(chunk) end
end
