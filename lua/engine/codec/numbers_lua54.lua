---Reads MessagePack's big-endian numbers on Lua 5.4, whose integers have 64 bits.
---
---Only an unsigned integer beyond 2^63 - 1 becomes an opaque box. Every function takes
---the text and the position of the number's first byte; the caller has checked that all
---its bytes are there.

local boxes = require("engine.codec.boxes")

local M = {}

local byte, sub, unpack = string.byte, string.sub, string.unpack

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
  return (unpack(">I4", text, at))
end

---@param text string
---@param at integer
---@return integer|table
function M.u64(text, at)
  local value = unpack(">i8", text, at)
  if value >= 0 then
    return value
  end
  return boxes.integer("\207" .. sub(text, at, at + 7))
end

---@param text string
---@param at integer
---@return integer
function M.i64(text, at)
  return (unpack(">i8", text, at))
end

---@param text string
---@param at integer
---@return number
function M.f32(text, at)
  return (unpack(">f", text, at))
end

---@param text string
---@param at integer
---@return number
function M.f64(text, at)
  return (unpack(">d", text, at))
end

return M
