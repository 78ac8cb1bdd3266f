---Which Lua numbers of Lua 5.4 travel as MessagePack integers.

local M = {}

local math_type = math.type

---An integer of the integer subtype; 3.0 stays a float.
---@param value number
---@return boolean
function M.is_integer(value)
  return math_type(value) == "integer"
end

return M
