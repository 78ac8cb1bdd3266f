---Writes MessagePack's types as a list of strings on Lua 5.4, through string.pack.
---
---One value is written at a time: reset, the parts in order, finish.

local M = {}

local char, pack = string.char, string.pack
local concat = table.concat

-- Parts are joined when there are this many, so that a list of a million numbers does
-- not hold a million strings.
local JOINED_PARTS = 4096

local CHARS = {}
for value = 0, 255 do
  CHARS[value] = char(value)
end

local chunks = {}
local parts, used = {}, 0
local size = 0
local limit = 0

---Bytes as they are.
---@param data string
local function raw(data)
  size = size + #data
  if size > limit then
    error("result: larger than the limit of " .. limit .. " bytes", 0)
  end
  if used == JOINED_PARTS then
    chunks[#chunks + 1] = concat(parts, "", 1, used)
    used = 0
  end
  used = used + 1
  parts[used] = data
end

M.raw = raw

---@param limit_bytes integer a larger value is an error
function M.reset(limit_bytes)
  chunks, used, size, limit = {}, 0, 0, limit_bytes
end

---@return string
function M.finish()
  chunks[#chunks + 1] = concat(parts, "", 1, used)
  return concat(chunks)
end

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
