-- expect: TIMEOUT
-- why: a dead coroutine is closed by the engine, which runs __close of Lua 5.4
local body = [[
  local guard = setmetatable({}, { __close = function() while true do end end })
  local held <close> = guard
  error("dead")
]]
function Run()
  local chunk = load(body) or function() while true do end end
  while true do pcall(coroutine.wrap(chunk)) end
end
