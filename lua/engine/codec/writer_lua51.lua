---Writes MessagePack's types as a list of strings where there is neither string.pack nor ffi.
---
---One value is written at a time: reset, the parts in order, finish.

local numbers = require("engine.codec.numbers_lua51")
local parts = require("engine.codec.parts")

local M = {}

local char = string.char
local put_u16, put_u32, put_u64, put_f64 =
  numbers.put_u16, numbers.put_u32, numbers.put_u64, numbers.put_f64

local raw = parts.raw

M.raw, M.reset, M.finish = parts.raw, parts.reset, parts.finish

---@param value integer 0 to 255
function M.byte(value)
  raw(char(value))
end

---@param value integer
function M.integer(value)
  if value >= 0 then
    if value < 128 then
      raw(char(value))
    elseif value < 256 then
      raw(char(0xcc, value))
    elseif value < 65536 then
      raw("\205" .. put_u16(value))
    elseif value < 4294967296 then
      raw("\206" .. put_u32(value))
    else
      raw("\207" .. put_u64(value))
    end
  elseif value >= -32 then
    raw(char(value + 256))
  elseif value >= -128 then
    raw(char(0xd0, value + 256))
  elseif value >= -32768 then
    raw("\209" .. put_u16(value))
  elseif value >= -2147483648 then
    raw("\210" .. put_u32(value))
  else
    raw("\211" .. put_u64(value))
  end
end

---@param value number
function M.float(value)
  raw("\203" .. put_f64(value))
end

---The head of something of `count` parts or bytes: its short form where it has one,
---else a tag and a length of one, two or four bytes.
---@param count integer
---@param short integer tag of the short form
---@param shorts integer how many counts have the short form
---@param tag8 integer? tag of the one-byte form, where there is one
---@param tag16 integer
function M.head(count, short, shorts, tag8, tag16)
  if count < shorts then
    raw(char(short + count))
  elseif tag8 and count < 256 then
    raw(char(tag8, count))
  elseif count < 65536 then
    raw(char(tag16) .. put_u16(count))
  else
    raw(char(tag16 + 1) .. put_u32(count))
  end
end

return M
