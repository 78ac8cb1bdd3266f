---Writes MessagePack's types as a list of strings on Lua 5.4, through string.pack.
---
---One value is written at a time: reset, the parts in order, finish.

local parts = require("engine.codec.parts")

local M = {}

local char, pack = string.char, string.pack

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

---@param value integer
function M.integer(value)
  if value >= 0 then
    if value < 128 then
      raw(CHARS[value])
    elseif value < 256 then
      raw(pack(">BB", 0xcc, value))
    elseif value < 65536 then
      raw(pack(">BI2", 0xcd, value))
    elseif value < 4294967296 then
      raw(pack(">BI4", 0xce, value))
    else
      raw(pack(">Bi8", 0xcf, value))
    end
  elseif value >= -32 then
    raw(CHARS[value + 256])
  elseif value >= -128 then
    raw(pack(">Bb", 0xd0, value))
  elseif value >= -32768 then
    raw(pack(">Bi2", 0xd1, value))
  elseif value >= -2147483648 then
    raw(pack(">Bi4", 0xd2, value))
  else
    raw(pack(">Bi8", 0xd3, value))
  end
end

---@param value number
function M.float(value)
  raw(pack(">Bd", 0xcb, value))
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
    raw(CHARS[short + count])
  elseif tag8 and count < 256 then
    raw(pack(">BB", tag8, count))
  elseif count < 65536 then
    raw(pack(">BI2", tag16, count))
  else
    raw(pack(">BI4", tag16 + 1, count))
  end
end

return M
