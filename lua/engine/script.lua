---The one script of a machine: loading it, running its tasks, stopping it.

local codec = require("engine.codec")
local depth = require("engine.guards.depth")
local hook = require("engine.guards.hook")
local loading = require("engine.guards.loading")
local modules = require("engine.modules")
local protect = require("engine.guards.protect")
local report = require("engine.report")

local M = {}

local pcall, rawget, type = pcall, rawget, type
local through = protect.through

---@class engine.Script
---@field run function
---@field stop? function
local script = {}

---Forgets what an earlier call left, and starts the clock.
---@param timeout_s number 0 for none
local function begin(timeout_s)
  protect.reset()
  depth.reset()
  modules.reset()
  hook.start(timeout_s)
end

---Calls the script's code. Two protected calls, one in the other: a hook that fires
---between the end of the inner one and `hook.stop` is caught by the outer.
local function guarded(callee, argument)
  local ok, value = through(callee, argument)
  if ok then
    hook.stop()
    return true, value
  end
  local kind, message, traceback = report.failure(value)
  hook.stop()
  return false, kind, message, traceback
end

---@param timeout_s number 0 for none
---@return boolean ok
---@return any # the value, or the kind of the error
---@return string? message
---@return string? traceback
local function call(timeout_s, callee, argument)
  begin(timeout_s)
  local caught, ok, value, message, traceback = pcall(guarded, callee, argument)
  if not caught then
    local kind, late_message = report.failure(ok)
    hook.stop()
    return false, kind, late_message, ""
  end
  return ok, value, message, traceback
end

---The functions of a script, from what its chunk returned or set.
local function functions_of(returned, environment)
  local form = returned
  if type(form) ~= "table" or type(rawget(form, "run")) ~= "function" then
    form = rawget(environment, "Run")
  end
  if type(form) == "function" then
    return { run = form }
  elseif type(form) == "table" and type(rawget(form, "run")) == "function" then
    return { run = rawget(form, "run"), init = rawget(form, "init"), stop = rawget(form, "stop") }
  end
end

---@param environment table
---@param source string
---@param chunk_name string
---@param timeout_s number for the chunk, and again for its init
---@return string? kind of the error, nil where it is loaded
---@return string? message
---@return string? traceback
function M.load(environment, source, chunk_name, timeout_s)
  local compiled, chunk, problem = pcall(loading.file, source, chunk_name)
  if not compiled then
    return report.engine("FAILED", chunk)
  elseif not chunk then
    return "FAILED", problem, ""
  end
  local ok, returned, message, traceback = call(timeout_s, chunk, chunk_name)
  if not ok then
    return returned, message, traceback
  end
  local found = functions_of(returned, environment)
  if not found then
    local problem = ": defines neither a global function Run nor returns a table with run"
    return "FAILED", chunk_name .. problem, ""
  end
  if type(found.init) == "function" then
    local started, kind, reason, trace = call(timeout_s, found.init)
    if not started then
      return kind, reason, trace
    end
  end
  script = found
end

-- The kind of an error that the engine throws where it is now, nil while the script runs.
local kind_now = nil ---@type string?

---Runs one task. M.run catches what it throws, also by a hook that fires between the end of
---the script and `hook.stop`.
local function answer(payload, timeout_s, limits)
  kind_now = "BAD_PAYLOAD"
  local argument = codec.decode(payload, limits)
  kind_now = nil
  begin(timeout_s)
  local ok, value = through(script.run, argument)
  if not ok then
    local kind, message, traceback = report.failure(value)
    hook.stop()
    return nil, kind, message, traceback
  end
  hook.stop()
  kind_now = "BAD_RESULT"
  local result = codec.encode(value, limits)
  codec.forget()
  return result
end

---@param payload string MessagePack
---@param timeout_s number 0 for none
---@param limits engine.codec.Limits
---@return string? result MessagePack, nil where there is none
---@return string? kind
---@return string? message
---@return string? traceback
function M.run(payload, timeout_s, limits)
  if not script.run then
    return nil, "FAILED", "no script is loaded", ""
  end
  local caught, result, kind, message, traceback = pcall(answer, payload, timeout_s, limits)
  if caught and result then
    return result
  elseif caught then
    return nil, kind, message, traceback
  end
  codec.forget()
  if kind_now then
    return nil, report.engine(kind_now, result)
  end
  kind, message = report.failure(result)
  hook.stop()
  return nil, kind, message, ""
end

---@param timeout_s number 0 for none
---@return string? message of the error, nil where there is none
function M.stop(timeout_s)
  if type(script.stop) ~= "function" then
    return nil
  end
  local ok, _, message = call(timeout_s, script.stop)
  return not ok and message or nil
end

return M
