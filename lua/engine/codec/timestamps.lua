---MessagePack's timestamp extension in its forms of 4, 8 and 12 bytes.

local boxes = require("engine.codec.boxes")
local marks = require("engine.codec.marks")
local platform = require("engine.platform")
local numbers = require("engine.codec.numbers_" .. platform.name)
local wide = require("engine.codec.wide")

local M = {}

local byte, char, format, sub = string.byte, string.char, string.format, string.sub
local floor, rawget, type = math.floor, rawget, type

local LIMIT = 2 ^ 63 -- seconds are signed 64 bits

local function make(seconds, nanoseconds)
  local value = { seconds = seconds, nanoseconds = nanoseconds }
  marks.of[value] = marks.TIMESTAMP
  return value
end

---@param data string
---@return table?
---@return string? reason
function M.decode(data)
  if #data == 4 then
    return make(numbers.u32(data, 1), 0)
  elseif #data == 8 then
    local high, low = numbers.u32(data, 1), numbers.u32(data, 5)
    local nanoseconds = floor(high / 4)
    if nanoseconds <= 999999999 then
      return make(high % 4 * 4294967296 + low, nanoseconds)
    end
  elseif #data == 12 then
    local nanoseconds = numbers.u32(data, 1)
    if nanoseconds <= 999999999 then
      return make(numbers.i64(data, 5), nanoseconds)
    end
  end
  return nil, "a timestamp of " .. #data .. " bytes that is none of the three forms"
end

local function u32(value)
  return char(
    floor(value / 16777216),
    floor(value / 65536) % 256,
    floor(value / 256) % 256,
    value % 256
  )
end

---The eight bytes of signed whole seconds, or nil where they are no such thing.
local function seconds_bytes(seconds)
  local wire
  if type(seconds) == "number" and seconds % 1 == 0 and seconds >= -LIMIT and seconds < LIMIT then
    wire = wide.wire(format("%d", seconds))
  elseif marks.kind(seconds) == "integer" then
    wire = marks.of[seconds].wire
  end
  local is_unsigned = wire and byte(wire, 1) == 0xcf and byte(wire, 2) > 127
  return wire and not is_unsigned and sub(wire, 2) or nil
end

---@param value table
---@return string? data
---@return string? reason
function M.encode(value)
  local seconds, nanoseconds = rawget(value, "seconds"), rawget(value, "nanoseconds")
  local is_whole = type(nanoseconds) == "number" and nanoseconds % 1 == 0
  if not is_whole or nanoseconds < 0 or nanoseconds > 999999999 then
    return nil, "the nanoseconds of a timestamp are a whole number from 0 to 999999999"
  end
  local octets = seconds_bytes(seconds)
  if not octets then
    return nil, "the seconds of a timestamp are a whole number of 64 bits"
  elseif type(seconds) ~= "number" or seconds < 0 or seconds >= 17179869184 then
    return u32(nanoseconds) .. octets
  elseif nanoseconds == 0 and seconds < 4294967296 then
    return u32(seconds)
  end
  return u32(nanoseconds * 4 + floor(seconds / 4294967296)) .. u32(seconds % 4294967296)
end

M.make = make

return M
