---pcall and xpcall that pass on the end of the task's time or memory.
---
---An error keeps the traceback of where it was raised first, also when the engine catches
---it on its way and raises it again.

local deadline = require("engine.guards.deadline")
local memory = require("engine.guards.memory")

local M = {}

local error, pcall, rawequal, type, xpcall = error, pcall, rawequal, type, xpcall
local is_over = deadline.is_over
local traceback = debug.traceback

local NONE = {}
local first_error, first_traceback = NONE, ""

---A message handler. It runs with hooks off, so it calls no code of the script.
local function remember(problem)
  if not rawequal(problem, first_error) then
    -- protected: with little memory or stack left the traceback itself may fail
    local ok, text = pcall(traceback, "", 2)
    first_error = problem
    first_traceback = ok and text or ""
  end
  return problem
end

local function settle(ok, ...)
  if not ok then
    local problem = ...
    if is_over() or problem == memory.MESSAGE then
      error(problem, 0)
    end
    first_error = NONE
  end
  return ok, ...
end

---Calls for the engine, which raises the error again: its traceback is kept.
---@return boolean, ...
function M.through(callee, ...)
  return xpcall(callee, remember, ...)
end

---Where the error that ended the last protected call of the engine was raised.
---@return string
function M.traceback()
  return first_traceback
end

---Forgets the last error.
function M.reset()
  first_error, first_traceback = NONE, ""
end

---The script's pcall.
function M.pcall(callee, ...)
  return settle(pcall(callee, ...))
end

local function handle(handler, ok, ...)
  if ok then
    return ok, ...
  end
  local _, answer = M.pcall(handler, ...)
  return false, answer
end

---The script's xpcall.
function M.xpcall(callee, handler, ...)
  if type(handler) ~= "function" then
    error("bad argument #2 to 'xpcall' (function expected)", 2)
  end
  return handle(handler, M.pcall(callee, ...))
end

return M
