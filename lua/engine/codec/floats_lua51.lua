---IEEE 754 floats as bytes by arithmetic alone, for machines that cannot reinterpret bits.

local M = {}

local abs, floor, frexp, huge, ldexp = math.abs, math.floor, math.frexp, math.huge, math.ldexp

---@class engine.codec.FloatShape
---@field bias integer of the exponent
---@field places integer of the fraction, in bits

---@type engine.codec.FloatShape
M.DOUBLE = { bias = 1023, places = 52 }
---@type engine.codec.FloatShape
M.SINGLE = { bias = 127, places = 23 }

---@param negative boolean
---@param exponent integer biased
---@param fraction integer
---@param shape engine.codec.FloatShape
---@return number
function M.join(negative, exponent, fraction, shape)
  local sign = negative and -1 or 1
  if exponent == 2 * shape.bias + 1 then
    return fraction == 0 and sign * huge or huge - huge
  elseif exponent == 0 then
    return sign * ldexp(fraction, 1 - shape.bias - shape.places)
  end
  return sign * ldexp(fraction + 2 ^ shape.places, exponent - shape.bias - shape.places)
end

---To the nearest whole number; a half goes to the even one, as the hardware does it.
local function rounded(value)
  local low = floor(value)
  local rest = value - low
  return (rest > 0.5 or (rest == 0.5 and low % 2 == 1)) and low + 1 or low
end

---@param value number
---@param shape engine.codec.FloatShape
---@return boolean negative
---@return integer exponent biased
---@return integer fraction
function M.split(value, shape)
  local bias, places = shape.bias, shape.places
  if value ~= value then
    return false, 2 * bias + 1, 2 ^ (places - 1)
  end
  local negative = value < 0 or (value == 0 and 1 / value < 0)
  local size = abs(value)
  if size == 0 or size == huge then
    return negative, size == 0 and 0 or 2 * bias + 1, 0
  end
  local _, exponent = frexp(size)
  exponent = exponent - 1
  if exponent < 1 - bias then
    exponent = 1 - bias -- too small for a leading one
  end
  local scaled = rounded(ldexp(size, places - exponent))
  local biased = exponent + bias - 1 + floor(scaled / 2 ^ places)
  if biased > 2 * bias then
    return negative, 2 * bias + 1, 0
  end
  return negative, biased, scaled % 2 ^ places
end

return M
