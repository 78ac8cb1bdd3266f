---The count hook that ends a script out of time or memory. It works where the JIT is off.

local deadline = require("engine.guards.deadline")
local memory = require("engine.guards.memory")
local is_puc = require("engine.platform").name == "lua54"

local M = {}

local check_deadline, check_memory = deadline.check, memory.check
local sethook = debug.sethook

-- Instructions between two calls of the hook: 30 to 100 µs of Lua. It slows a tight loop
-- of LuaJIT's interpreter by half, one of Lua 5.4 by a few percent.
local COUNT = 10000

local is_set = false

local function on_count()
  check_deadline()
  check_memory()
end

---@param timeout_s number 0 for none
function M.start(timeout_s)
  if timeout_s > 0 then
    deadline.start(timeout_s)
  end
  if timeout_s > 0 or memory.is_watched() then
    is_set = true
    sethook(on_count, "", COUNT)
  end
end

function M.stop()
  if is_set then
    is_set = false
    deadline.stop()
    sethook()
  end
end

---Puts the hook on a coroutine about to run; only PUC Lua keeps hooks per coroutine.
---@param thread thread
function M.watch(thread)
  if is_set and is_puc then
    sethook(thread, on_count, "", COUNT)
  end
end

return M
