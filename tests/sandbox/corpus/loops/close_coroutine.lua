-- expect: TIMEOUT
-- why: coroutine.close of Lua 5.4 runs __close of a coroutine that never ran under a deadline
local body = [[
  local guard = setmetatable({}, { __close = function() while true do end end })
  local held <close> = guard
  coroutine.yield()
]]
function Run()
  local chunk = load(body)
  if not chunk then while true do end end
  while true do
    local thread = coroutine.create(chunk)
    coroutine.resume(thread)
    pcall(coroutine.close, thread)
  end
end
