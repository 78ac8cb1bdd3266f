---String functions with limits: on size, and on LuaJIT on how deep they nest.

local check_deadline = require("engine.guards.deadline").check
local depth = require("engine.guards.depth")
local is_luajit = require("engine.platform").name == "luajit"

local M = {}

local call = depth.call
local error, select, type = error, select, type
local format, gsub, rep = string.format, string.gsub, string.rep

-- Bytes that take long enough to copy, 10 µs, that the deadline is looked at first.
local LARGE = 65536

local longest = 0

---@param bytes integer the longest string that string.rep makes
function M.setup(bytes)
  longest = bytes
end

function M.rep(text, count, separator)
  if type(text) ~= "string" and type(text) ~= "number" or type(count) ~= "number" then
    return rep(text, count, separator) -- for its own error message
  end
  local unit = #(text .. "") + #((separator or "") .. "")
  if unit == 0 then
    return "" -- else Lua 5.4 counts in vain to a count that may be 1e15
  elseif count > 0 and unit * count > longest then
    error("string.rep: the result would be longer than " .. longest .. " bytes", 2)
  elseif unit * count > LARGE then
    check_deadline()
  end
  return rep(text, count, separator or "")
end

if is_luajit then
  function M.gsub(text, pattern, replacement, most)
    local kind = type(replacement)
    if kind == "function" or kind == "table" then
      return call(gsub, text, pattern, replacement, most)
    end
    return gsub(text, pattern, replacement, most)
  end

  function M.format(pattern, ...)
    for place = 1, select("#", ...) do
      if type((select(place, ...))) == "table" then
        return call(format, pattern, ...)
      end
    end
    return format(pattern, ...)
  end
end

return M
