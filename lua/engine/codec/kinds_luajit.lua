---Which Lua numbers of LuaJIT travel as MessagePack integers.

local bit = require("bit")

local EXACT = require("engine.platform").exact_integer

local M = {}

local floor = math.floor
local tobit = bit.tobit

---A whole number within 2^53, except -0.0, which only a float can carry.
---@param value number
---@return boolean
function M.is_integer(value)
  if value == 0 then
    return 1 / value > 0
  end
  return tobit(value) == value or (value == floor(value) and value < EXACT and value > -EXACT)
end

return M
