---What the engine's scripts hand over, checked: misuse is an error where the script calls.

local M = {}

local error, find, format = error, string.find, string.format
local next, type = next, type

-- The script that calls, past the function that checks and the method that asked for it.
local CALLER = 3

local LARGEST_ID = 65535

---A value in a message; its own code is not run for it.
---@param value any
---@return string
local function shown(value)
  if type(value) == "string" and find(value, "^[%w%p ]*$") then
    return value
  end
  return type(value) == "number" and format("%.14g", value) or type(value)
end

---@param place integer
---@param method string
---@param expected string
---@param value any
local function refuse(place, method, expected, value)
  local got = type(value) == "number" and "number " .. shown(value) or type(value)
  local text = "bad argument #%d to '%s' (%s expected, got %s)"
  error(format(text, place, method, expected, got), CALLER + 1)
end

---That a method was called with a colon.
---@param self any
---@param queue table
---@param method string
---@param parameters string
function M.check_self(self, queue, method, parameters)
  if self ~= queue then
    error(format("call it with a colon: TaskQueue:%s(%s)", method, parameters), CALLER)
  end
end

---@param value any
---@param place integer
---@param method string
function M.check_string(value, place, method)
  if type(value) ~= "string" then
    refuse(place, method, "string", value)
  end
end

---@param value any
---@param method string
function M.check_id(value, method)
  if type(value) ~= "number" or value % 1 ~= 0 or value < 0 or value > LARGEST_ID then
    refuse(1, method, "worker id from 0 to 65535", value)
  end
end

---@param value any nil for one
---@param method string
function M.check_instances(value, method)
  if value ~= nil and (type(value) ~= "number" or value % 1 ~= 0) then
    refuse(3, method, "whole number of instances", value)
  end
end

---@param value any nil for none
---@param method string
---@return boolean wait
function M.check_options(value, method)
  if value == nil then
    return true
  elseif type(value) ~= "table" then
    refuse(4, method, "table such as { wait = false }", value)
  end
  for key, option in next, value do
    if key ~= "wait" then
      error(format("'%s' has no option '%s'; there is: wait", method, shown(key)), CALLER)
    elseif type(option) ~= "boolean" then
      local text = "the option 'wait' of '%s' is a boolean, not a %s"
      error(format(text, method, type(option)), CALLER)
    end
  end
  return value.wait ~= false
end

return M
