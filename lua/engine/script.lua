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
  protect.reset()
  depth.reset()
  modules.reset()
  hook.start(timeout_s)
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
  local decoded, argument = pcall(codec.decode, payload, limits)
  if not decoded then
    return nil, report.engine("BAD_PAYLOAD", argument)
  end
  local ok, value, message, traceback = call(timeout_s, script.run, argument)
  if not ok then
    return nil, value, message, traceback
  end
  local encoded, result = pcall(codec.encode, value, limits)
  codec.forget()
  if not encoded then
    return nil, report.engine("BAD_RESULT", result)
  end
  return result
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
