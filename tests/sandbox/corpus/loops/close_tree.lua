-- expect: TIMEOUT
-- why: each __close that the deadline's error runs leaves two more behind, in Lua 5.4
-- in-thread lua54: not stopped: every error unwinds into two more __close handlers
local body = [[
  local guard
  local function grow()
    local left <close> = guard
    local right <close> = guard
    while true do end
  end
  guard = setmetatable({}, { __close = grow })
  grow()
]]
function Run()
  local chunk = load(body) or function() while true do end end
  while true do pcall(chunk) end
end
