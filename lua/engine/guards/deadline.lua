---The soft deadline of a script: a count hook that raises an error once time is up.
---
---It works where the JIT is off. The guards around pcall and coroutines ask `is_over`, so
---that no script swallows the error.

local M = {}

local clock = os.clock
local error = error
local find = string.find
local getinfo, sethook = debug.getinfo, debug.sethook
local is_puc = require("engine.platform").name == "lua54"

-- Instructions between two calls of the hook: 30 to 100 µs of Lua.
local COUNT = 10000
-- Processor seconds between two looks at the host's clock. That clock belongs to Python,
-- and in a thread of a busy game each look waits for the interpreter's lock.
local LOOK_S = 0.002

-- Frames that `position` looks at: the engine has fewer between a hook and a script.
local FARTHEST_FRAME = 20

M.MESSAGE = "the task's time is over"

local now ---@type fun(): number
local deadline = nil ---@type number?
local over = false
local next_look = 0

---Where the script is, past the engine's own functions that it called.
---@return string # such as "script.lua:12: "
local function position()
  for level = 3, FARTHEST_FRAME do
    local frame = getinfo(level, "Sl")
    if not frame then
      break
    elseif frame.currentline > 0 and not find(frame.source, "^@engine/") then
      return frame.short_src .. ":" .. frame.currentline .. ": "
    end
  end
  return ""
end

local function hook()
  if not deadline then
    return
  end
  if not over then
    local used = clock()
    if used < next_look then
      return
    end
    next_look = used + LOOK_S
    over = now() >= deadline
  end
  if over then
    error(position() .. M.MESSAGE, 0)
  end
end

---@param monotonic fun(): number the host's clock, seconds
function M.setup(monotonic)
  now = monotonic
end

---@return boolean # whether the script's time is up
function M.is_over()
  return over
end

---Puts the hook on a coroutine about to run; only PUC Lua keeps hooks per coroutine.
---@param thread thread
function M.watch(thread)
  if deadline and is_puc then
    sethook(thread, hook, "", COUNT)
  end
end

---@param seconds number from now
function M.arm(seconds)
  over = false
  next_look = 0
  deadline = now() + seconds
  sethook(hook, "", COUNT)
end

function M.disarm()
  if deadline then
    deadline = nil
    over = false
    sethook()
  end
end

return M
