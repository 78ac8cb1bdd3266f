---Which Lua numbers travel as MessagePack integers on machines with neither ffi nor integers.

local EXACT = require("engine.platform").exact_integer

local M = {}

local floor = math.floor

---A whole number within 2^53, except -0.0, which only a float can carry.
---@param value number
---@return boolean
function M.is_integer(value)
  if value == 0 then
    return 1 / value > 0
  end
  return value < EXACT and value > -EXACT and value == floor(value)
end

return M
