---Writes MessagePack's types as a list of strings where there is neither string.pack nor a
---compiler that makes ffi fast.
---
---One value is written at a time: reset, the parts in order, finish.

local numbers = require("engine.codec.numbers_lua51")
local parts = require("engine.codec.parts")
local platform = require("engine.platform")

local M = {}

local char, floor = string.char, math.floor
local put_u16, put_u32, put_u64 = numbers.put_u16, numbers.put_u32, numbers.put_u64
local put_f64 = numbers.put_f64
if platform.name == "luajit" then
  put_f64 = require("engine.codec.numbers_luajit").put_f64 -- a third of the time, also so
end

local EXACT = platform.exact_integer

local CHARS = {}
for value = 0, 255 do
  CHARS[value] = char(value)
end

local raw = parts.raw

M.raw, M.reset, M.finish = parts.raw, parts.reset, parts.finish

---@param value integer 0 to 255
function M.byte(value)
  raw(CHARS[value])
end

local function put_integer(value)
  if value >= 0 then
    if value < 128 then
      return raw(CHARS[value])
    elseif value < 256 then
      return raw(char(0xcc, value))
    elseif value < 65536 then
      return raw("\205" .. put_u16(value))
    elseif value < 4294967296 then
      return raw("\206" .. put_u32(value))
    end
    return raw("\207" .. put_u64(value))
  elseif value >= -32 then
    return raw(CHARS[value + 256])
  elseif value >= -128 then
    return raw(char(0xd0, value + 256))
  elseif value >= -32768 then
    return raw("\209" .. put_u16(value))
  elseif value >= -2147483648 then
    return raw("\210" .. put_u32(value))
  end
  return raw("\211" .. put_u64(value))
end

---A whole number within 2^53, except -0.0, as an integer; any other as a float.
---@param value number
function M.number(value)
  local is_whole = value == floor(value) and value < EXACT and value > -EXACT
  if not is_whole or (value == 0 and 1 / value < 0) then
    return raw("\203" .. put_f64(value))
  end
  return put_integer(value)
end

---The head of something of `count` parts or bytes: its short form where it has one,
---else a tag and a length of one, two or four bytes.
---@param count integer
---@param short integer tag of the short form
---@param shorts integer how many counts have the short form
---@param tag8 integer? tag of the one-byte form, where there is one
---@param tag16 integer
---@return string
local function head_of(count, short, shorts, tag8, tag16)
  if count < shorts then
    return CHARS[short + count]
  elseif tag8 and count < 256 then
    return char(tag8, count)
  elseif count < 65536 then
    return char(tag16) .. put_u16(count)
  end
  return char(tag16 + 1) .. put_u32(count)
end

---Writes a head, see head_of.
function M.head(count, short, shorts, tag8, tag16)
  raw(head_of(count, short, shorts, tag8, tag16))
end

M.text = parts.text_writer(head_of)
M.begin_map = parts.begin_map

---@param count integer of the entries of the map that was begun last
function M.end_map(count)
  parts.end_map(head_of(count, 0x80, 16, nil, 0xde))
end

return M
