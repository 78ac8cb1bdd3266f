---Coroutines that the deadline reaches and that nest to a limited depth.

local deadline = require("engine.guards.deadline")
local depth = require("engine.guards.depth")
local hook = require("engine.guards.hook")
local memory = require("engine.guards.memory")
local is_luajit = require("engine.platform").name == "luajit"

local M = {}

local close, create, resume = coroutine.close, coroutine.create, coroutine.resume
local error, type = error, type
local is_over, watch = deadline.is_over, hook.watch

---Passes on an error that no script may swallow.
local function settle(ok, ...)
  if not ok and (is_over() or ... == memory.MESSAGE) then
    error((...), 0)
  end
  return ok, ...
end

---@param thread thread
function M.resume(thread, ...)
  if type(thread) ~= "thread" then
    error("bad argument #1 to 'resume' (coroutine expected)", 2)
  end
  watch(thread)
  if is_luajit then
    return settle(depth.call(resume, thread, ...))
  end
  return settle(resume(thread, ...))
end

local function values(thread, ok, ...)
  if ok then
    return ...
  end
  local problem = ...
  if close then
    close(thread)
  end
  error(problem, 0)
end

function M.wrap(callee)
  if type(callee) ~= "function" then
    error("bad argument #1 to 'wrap' (function expected)", 2)
  end
  local thread = create(callee)
  return function(...)
    return values(thread, M.resume(thread, ...))
  end
end

if close then
  ---@param thread thread
  function M.close(thread)
    if type(thread) ~= "thread" then
      error("bad argument #1 to 'close' (coroutine expected)", 2)
    end
    watch(thread)
    return settle(close(thread))
  end
end

return M
