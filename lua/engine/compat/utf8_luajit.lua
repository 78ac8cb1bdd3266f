---Lua 5.4's `utf8` library on LuaJIT.

local bit = require("bit")

local M = {}

local band, bor, lshift, rshift = bit.band, bit.bor, bit.lshift, bit.rshift
local byte, char, concat = string.byte, string.char, table.concat
local error, select, type = error, select, type

M.charpattern = "[%z\1-\127\194-\253][\128-\191]*"

-- The smallest code point that needs 1, 2, ... 6 bytes.
local SMALLEST = { 0, 0x80, 0x800, 0x10000, 0x200000, 0x4000000 }

---@param text string
---@param at integer
---@param lax boolean? whether surrogates and code points up to 2^31 count
---@return integer? code nil where no valid sequence starts
---@return integer? after
local function decode(text, at, lax)
  local first = byte(text, at)
  if not first then
    return nil
  elseif first < 0x80 then
    return first, at + 1
  elseif first < 0xc2 or first > 0xfd then
    return nil
  end
  local count, mask = 2, 0x1f
  while band(first, rshift(0x80, count)) ~= 0 do
    count, mask = count + 1, rshift(mask, 1)
  end
  local code = band(first, mask)
  for offset = 1, count - 1 do
    local following = byte(text, at + offset)
    if not following or band(following, 0xc0) ~= 0x80 then
      return nil
    end
    code = bor(lshift(code, 6), band(following, 0x3f))
  end
  if code < SMALLEST[count] then
    return nil
  elseif not lax and (code > 0x10ffff or (code >= 0xd800 and code <= 0xdfff)) then
    return nil
  end
  return code, at + count
end

local function encode(code)
  if type(code) ~= "number" or code < 0 or code > 0x7fffffff then
    error("bad argument to 'char' (value out of range)", 3)
  elseif code < 0x80 then
    return char(code)
  end
  local tail, limit = "", 0x20
  repeat
    tail = char(0x80 + band(code, 0x3f)) .. tail
    code = rshift(code, 6)
    local done = code < limit
    if not done then
      limit = rshift(limit, 1)
    end
  until done
  return char(band(bor(256 - 2 * limit, code), 0xff)) .. tail
end

function M.char(...)
  local out = {}
  for place = 1, select("#", ...) do
    out[place] = encode((select(place, ...)))
  end
  return concat(out)
end

local function absolute(text, at)
  return at >= 0 and at or #text + at + 1
end

function M.codepoint(text, first, last, lax)
  first = absolute(text, first or 1)
  last = absolute(text, last or first)
  if first < 1 or last > #text then
    error("bad argument to 'codepoint' (out of bounds)", 2)
  end
  local out, count, at = {}, 0, first
  while at <= last do
    local code, after = decode(text, at, lax)
    if not code then
      error("invalid UTF-8 code", 2)
    end
    count = count + 1
    out[count], at = code, after
  end
  return unpack(out, 1, count)
end

function M.len(text, first, last, lax)
  local at = absolute(text, first or 1)
  last = absolute(text, last or -1)
  if at < 1 or at > #text + 1 or last > #text then
    error("bad argument to 'len' (out of bounds)", 2)
  end
  local count = 0
  while at <= last do
    local code, after = decode(text, at, lax)
    if not code then
      return nil, at
    end
    count, at = count + 1, after
  end
  return count
end

function M.codes(text, lax)
  local after = 1
  return function(_, _)
    if after > #text then
      return nil
    end
    local at = after
    local code, following = decode(text, at, lax)
    if not code then
      error("invalid UTF-8 code", 2)
    end
    after = following
    return at, code
  end, text, 0
end

local function is_continuation(text, at)
  local value = byte(text, at)
  return value ~= nil and band(value, 0xc0) == 0x80
end

function M.offset(text, count, at)
  at = absolute(text, at or (count > 0 and 1 or #text + 1))
  if at < 1 or at > #text + 1 then
    error("bad argument #3 to 'offset' (position out of bounds)", 2)
  end
  if count == 0 then
    while at > 1 and is_continuation(text, at) do
      at = at - 1
    end
    return at
  elseif is_continuation(text, at) then
    error("initial position is a continuation byte", 2)
  end
  while count < 0 and at > 1 do
    repeat
      at = at - 1
    until at == 1 or not is_continuation(text, at)
    count = count + 1
  end
  if count > 0 then
    count = count - 1
    while count > 0 and at <= #text do
      repeat
        at = at + 1
      until not is_continuation(text, at)
      count = count - 1
    end
  end
  return count == 0 and at or nil
end

return M
