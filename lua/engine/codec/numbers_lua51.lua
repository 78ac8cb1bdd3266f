---Reads and writes MessagePack's big-endian numbers by arithmetic, for Lua 5.1 and 5.2, and
---for a LuaJIT whose ffi was taken away.
---
---A Lua number here is a double, so an integer beyond 2^53 becomes an opaque box. Every
---reader takes the text and the position of the number's first byte; the caller has checked
---that all its bytes are there.

local boxes = require("engine.codec.boxes")
local floats = require("engine.codec.floats_lua51")

local M = {}

local byte, char, sub = string.byte, string.char, string.sub
local floor = math.floor
local join, split = floats.join, floats.split
local DOUBLE, SINGLE = floats.DOUBLE, floats.SINGLE

local EXACT = require("engine.platform").exact_integer

---@param text string
---@param at integer
---@return integer
function M.u16(text, at)
  local a, b = byte(text, at, at + 1)
  return a * 256 + b
end

---@param text string
---@param at integer
---@return integer
function M.u32(text, at)
  local a, b, c, d = byte(text, at, at + 3)
  return ((a * 256 + b) * 256 + c) * 256 + d
end

local u32 = M.u32

---@param text string
---@param at integer
---@return integer|table
function M.u64(text, at)
  local value = u32(text, at) * 4294967296 + u32(text, at + 4)
  if value < EXACT then
    return value
  end
  return boxes.integer("\207" .. sub(text, at, at + 7))
end

---@param text string
---@param at integer
---@return integer|table
function M.i64(text, at)
  local high = u32(text, at)
  if high < 2147483648 then
    return M.u64(text, at)
  end
  local value = (high - 4294967296) * 4294967296 + u32(text, at + 4)
  if value > -EXACT then
    return value
  end
  return boxes.integer("\211" .. sub(text, at, at + 7))
end

---@param text string
---@param at integer
---@return number
function M.f32(text, at)
  local a, b, c, d = byte(text, at, at + 3)
  local fraction = (b % 128 * 256 + c) * 256 + d
  return join(a > 127, a % 128 * 2 + floor(b / 128), fraction, SINGLE)
end

---@param text string
---@param at integer
---@return number
function M.f64(text, at)
  local a, b = byte(text, at, at + 1)
  local fraction = (b % 16 * 65536 + M.u16(text, at + 2)) * 4294967296 + u32(text, at + 4)
  return join(a > 127, a % 128 * 16 + floor(b / 16), fraction, DOUBLE)
end

---The lowest 16 bits of a whole number; of a negative one in two's complement.
---@param value integer
---@return string
function M.put_u16(value)
  return char(floor(value / 256) % 256, value % 256)
end

---@param value integer
---@return string
function M.put_u32(value)
  return M.put_u16(floor(value / 65536)) .. M.put_u16(value)
end

---@param value integer within 2^53
---@return string
function M.put_u64(value)
  return M.put_u32(floor(value / 4294967296)) .. M.put_u32(value)
end

---@param value number
---@return string
function M.put_f32(value)
  local negative, exponent, fraction = split(value, SINGLE)
  return M.put_u32(((negative and 256 or 0) + exponent) * 8388608 + fraction)
end

---@param value number
---@return string
function M.put_f64(value)
  local negative, exponent, fraction = split(value, DOUBLE)
  local high = ((negative and 2048 or 0) + exponent) * 1048576 + floor(fraction / 4294967296)
  return M.put_u32(high) .. M.put_u32(fraction % 4294967296)
end

return M
