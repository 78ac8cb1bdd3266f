---Bounds how deep calls nest through C functions that call back into Lua.
---
---LuaJIT has no limit of its own there: without this, recursion through string.gsub or
---coroutines overruns the C stack. Each level takes up to 10 kB of a stack that may have
---only 1 MB. Lua 5.4 counts by itself.

local memory = require("engine.guards.memory")
local protect = require("engine.guards.protect")

local M = {}

local error, find, type = error, string.find, type
local through = protect.through

local DEEPEST = 100

local depth = 0

local function leave(ok, ...)
  depth = depth - 1
  if ok then
    return ...
  end
  local problem = ...
  if type(problem) == "string" and problem ~= memory.MESSAGE and not find(problem, ":%d+:") then
    error(problem, 2) -- raised by the C function itself, which the script called
  end
  error(problem, 0)
end

---Calls `callee`, a C function that may call back into the script.
function M.call(callee, ...)
  if depth >= DEEPEST then
    error("stack overflow: more than " .. DEEPEST .. " nested calls through C functions", 2)
  end
  depth = depth + 1
  return leave(through(callee, ...))
end

---Forgets the depth, before the machine's outermost call.
function M.reset()
  depth = 0
end

return M
