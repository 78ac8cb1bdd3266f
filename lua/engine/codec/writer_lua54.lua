---Writes MessagePack's types as a list of strings on Lua 5.4, through string.pack.
---
---One value is written at a time: reset, the parts in order, finish.

local parts = require("engine.codec.parts")

local M = {}

local char, pack = string.char, string.pack

local math_type = math.type

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

---Of the integer subtype an integer; 3.0 stays a float.
---@param value number
function M.number(value)
  if math_type(value) ~= "integer" then
    return raw(pack(">Bd", 0xcb, value))
  elseif value >= 0 then
    if value < 128 then
      return raw(CHARS[value])
    elseif value < 256 then
      return raw(pack("BB", 0xcc, value))
    elseif value < 65536 then
      return raw(pack(">BI2", 0xcd, value))
    elseif value < 4294967296 then
      return raw(pack(">BI4", 0xce, value))
    end
    return raw(pack(">Bi8", 0xcf, value))
  elseif value >= -32 then
    return raw(CHARS[value + 256])
  elseif value >= -128 then
    return raw(pack("Bb", 0xd0, value))
  elseif value >= -32768 then
    return raw(pack(">Bi2", 0xd1, value))
  elseif value >= -2147483648 then
    return raw(pack(">Bi4", 0xd2, value))
  end
  return raw(pack(">Bi8", 0xd3, value))
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
    return pack("BB", tag8, count)
  elseif count < 65536 then
    return pack(">BI2", tag16, count)
  end
  return pack(">BI4", tag16 + 1, count)
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
