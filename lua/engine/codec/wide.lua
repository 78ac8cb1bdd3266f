---64-bit integers as decimal text, from and to their nine MessagePack bytes.
---
---Long division on bytes: slow, and the same on every VM. Only integers beyond a Lua
---number's exact range come here.

local platform = require("engine.platform")

local EXACT = platform.exact_integer
local unpack = platform.unpack

local M = {}

local byte, char, find, rep, sub = string.byte, string.char, string.find, string.rep, string.sub
local concat, floor = table.concat, math.floor

local UNSIGNED, SIGNED = "\207", "\211"
local LARGEST_UNSIGNED = "18446744073709551615"
local LARGEST_NEGATIVE = "9223372036854775808"

---The two's complement of eight bytes, in place.
---@param octets integer[]
local function negate(octets)
  local carry = 1
  for i = 8, 1, -1 do
    local value = 255 - octets[i] + carry
    carry = value > 255 and 1 or 0
    octets[i] = value % 256
  end
end

---@param wire string nine bytes, tag first
---@return string digits with a leading minus where it is negative
function M.digits(wire)
  local octets = { byte(wire, 2, 9) }
  local negative = sub(wire, 1, 1) == SIGNED and octets[1] > 127
  if negative then
    negate(octets)
  end
  local out = {}
  for place = 20, 1, -1 do
    local remainder = 0
    for i = 1, 8 do
      local value = remainder * 256 + octets[i]
      octets[i] = floor(value / 10)
      remainder = value % 10
    end
    out[place] = char(48 + remainder)
  end
  local text = concat(out)
  local first = find(text, "[1-9]") or 20
  return (negative and "-" or "") .. sub(text, first)
end

---The plain Lua number for nine MessagePack bytes, or nil where Lua has none.
---@param wire string
---@return integer?
function M.number(wire)
  local digits = M.digits(wire)
  if math.tointeger then
    local value = tonumber(digits)
    return math.type(value) == "integer" and value or nil
  end
  local value = tonumber(digits)
  return value > -EXACT and value < EXACT and value or nil
end

---@param text string decimal digits, optionally after a minus
---@return string? wire nine bytes, tag first
---@return string? reason why there is none
function M.wire(text)
  local minus, significant = string.match(text, "^(%-?)0*(%d+)$")
  if not significant then
    return nil, "not a whole number in decimal digits"
  end
  local largest = minus == "-" and LARGEST_NEGATIVE or LARGEST_UNSIGNED
  local padded = rep("0", #largest - #significant) .. significant
  if #significant > #largest or padded > largest then
    return nil, "outside the 64 bits that MessagePack carries"
  end
  local octets = { 0, 0, 0, 0, 0, 0, 0, 0 }
  for place = 1, #significant do
    local carry = byte(significant, place) - 48
    for i = 8, 1, -1 do
      local value = octets[i] * 10 + carry
      octets[i] = value % 256
      carry = floor(value / 256)
    end
  end
  if minus == "-" then
    negate(octets)
  end
  return (minus == "-" and SIGNED or UNSIGNED) .. char(unpack(octets))
end

return M
