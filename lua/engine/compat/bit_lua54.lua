---LuaJIT's `bit` library on Lua 5.4: 32-bit operations with signed results.

local M = {}

local error, floor, format, select, type = error, math.floor, string.format, select, type
local math_type = math.type
local sub = string.sub

---The low 32 bits of a number, unsigned.
local function low(value)
  if math_type(value) == "integer" then
    return value & 0xffffffff
  elseif type(value) == "string" then
    value = tonumber(value)
  end
  if type(value) ~= "number" or value ~= value or value - value ~= 0 then
    error("bad argument to a bit operation (number expected)", 3)
  end
  return floor(value % 4294967296 + 0.5) & 0xffffffff
end

local function signed(value)
  value = value & 0xffffffff
  return value >= 0x80000000 and value - 0x100000000 or value
end

function M.tobit(value)
  return signed(low(value))
end

function M.bnot(value)
  return signed(~low(value))
end

---A function of one or more numbers from one of two.
local function folded(combine)
  return function(first, ...)
    local result = low(first)
    for place = 1, select("#", ...) do
      result = combine(result, low((select(place, ...))))
    end
    return signed(result)
  end
end

M.band = folded(function(a, b)
  return a & b
end)
M.bor = folded(function(a, b)
  return a | b
end)
M.bxor = folded(function(a, b)
  return a ~ b
end)

function M.lshift(value, count)
  return signed(low(value) << (low(count) & 31))
end

function M.rshift(value, count)
  return signed(low(value) >> (low(count) & 31))
end

function M.arshift(value, count)
  local wide = signed(low(value))
  local places = low(count) & 31
  return signed(wide >> places | (wide < 0 and ~(-1 >> places) or 0))
end

function M.rol(value, count)
  local bits, places = low(value), low(count) & 31
  return signed(bits << places | bits >> (32 - places))
end

function M.ror(value, count)
  local bits, places = low(value), low(count) & 31
  return signed(bits >> places | bits << (32 - places))
end

function M.bswap(value)
  local bits = low(value)
  return signed(
    bits >> 24 | (bits >> 8 & 0xff00) | (bits << 8 & 0xff0000) | bits << 24
  )
end

---@param value number
---@param digits? integer negative for upper case
function M.tohex(value, digits)
  digits = digits or 8
  local pattern = digits < 0 and "%08X" or "%08x"
  local count = digits < 0 and -digits or digits
  return sub(format(pattern, low(value)), count >= 8 and 1 or -count)
end

return M
