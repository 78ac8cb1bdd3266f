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

---Looks at the clock.
---@return boolean # whether the script's time is up
local function look()
  if deadline and not over then
    local used = clock()
    if used >= next_look then
      next_look = used + LOOK_S
      over = now() >= deadline
    end
  end
  return over
end

---Ends the script if its time is up: the hook, and what a guard calls beside a C function
---that takes long.
local function check()
  if deadline and look() then
    error(position() .. M.MESSAGE, 0)
  end
end

M.check = check

---@param monotonic fun(): number the host's clock, seconds
function M.setup(monotonic)
  now = monotonic
end

---Whether the script's time is up. It looks at the clock itself: where the stack is full
---the hook cannot run, and a script could catch that error for ever.
M.is_over = look

---Puts the hook on a coroutine about to run; only PUC Lua keeps hooks per coroutine.
---@param thread thread
function M.watch(thread)
  if deadline and is_puc then
    sethook(thread, check, "", COUNT)
  end
end

---@param seconds number from now
function M.arm(seconds)
  over = false
  next_look = 0
  deadline = now() + seconds
  sethook(check, "", COUNT)
end

function M.disarm()
  if deadline then
    deadline = nil
    over = false
    sethook()
  end
end

return M
