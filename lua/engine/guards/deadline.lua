---The soft deadline of a script's call: whether its time is up, and where it was then.
---
---The hook (see hook.lua) asks `check`; the guards around pcall and coroutines ask
---`is_over`, so that no script swallows the error.

local M = {}

local clock = os.clock
local error, find, getinfo = error, string.find, debug.getinfo

-- Processor seconds between two looks at the host's clock. That clock belongs to Python,
-- and in a thread of a busy game each look waits for the interpreter's lock.
local LOOK_S = 0.002
-- Seconds that the instructions between two calls of the hook stand for, where time is counted
-- and not measured: so a script is ended at the same instruction in each run.
local COUNTED_S = 0.00005
-- Frames that `position` looks at: the engine has fewer between a hook and a script.
local FARTHEST_FRAME = 20

M.MESSAGE = "the task's time is over"

local now ---@type fun(): number
local is_counted = false
local left = 0 -- seconds, where time is counted
local deadline = nil ---@type number?
local over = false
local next_look = 0

---@param monotonic fun(): number the host's clock, seconds
---@param counts boolean whether time is counted instead, in instructions
function M.setup(monotonic, counts)
  now, is_counted = monotonic, counts
end

---@param seconds number from now
function M.start(seconds)
  over, next_look, left = false, 0, seconds
  deadline = now() + seconds
end

function M.stop()
  over, deadline = false, nil
end

---Whether the script's time is up. It looks at the clock itself: where the stack is full
---the hook cannot run, and a script could catch that error for ever.
---@return boolean
function M.is_over()
  if deadline and not over and not is_counted then
    local used = clock()
    if used >= next_look then
      next_look = used + LOOK_S
      over = now() >= deadline
    end
  end
  return over
end

local is_over = M.is_over

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

---Throws if the script's time is up.
function M.check()
  if is_counted then
    left = left - COUNTED_S
    over = deadline ~= nil and left <= 0
  end
  if deadline and is_over() then
    error(position() .. M.MESSAGE, 0)
  end
end

return M
