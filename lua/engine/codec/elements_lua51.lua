---Elements of typed arrays where there is neither string.pack nor ffi: one by one.

local marks = require("engine.codec.marks")
local numbers = require("engine.codec.numbers_lua51")
local range = require("engine.codec.elements_range")

local M = {}

local byte, char, reverse, sub = string.byte, string.char, string.reverse, string.sub
local concat, floor = table.concat, math.floor
local rawget, type = rawget, type

local EXACT = range.EXACT
local WIDTH = { b = 1, B = 1, h = 2, H = 2, i = 4, I = 4, q = 8, Q = 8, f = 4, d = 8 }

---A reader of signed numbers out of one of unsigned ones.
local function signed(read, limit)
  return function(text, at)
    local value = read(text, at)
    return value < limit and value or value - 2 * limit
  end
end

local function u8(text, at)
  return (byte(text, at))
end

-- Big-endian, as the numbers module has them: an element is turned around first.
local READ = {
  b = signed(u8, 128), B = u8, h = signed(numbers.u16, 32768), H = numbers.u16,
  i = signed(numbers.u32, 2147483648), I = numbers.u32, q = numbers.i64, Q = numbers.u64,
  f = numbers.f32, d = numbers.f64,
}

local function put_u8(value)
  return char(value % 256)
end

local PUT = {
  b = put_u8, B = put_u8, h = numbers.put_u16, H = numbers.put_u16, i = numbers.put_u32,
  I = numbers.put_u32, q = numbers.put_u64, Q = numbers.put_u64, f = numbers.put_f32,
  d = numbers.put_f64,
}

---@param data string
---@param at integer position of the first element
---@param letter string
---@param count integer
---@return (number|table)[]
function M.read(data, at, letter, count)
  local read, width = READ[letter], WIDTH[letter]
  local list = {}
  for place = 1, count do
    local start = at + width * (place - 1)
    list[place] = read(reverse(sub(data, start, start + width - 1)), 1)
  end
  return list
end

---The bytes of an opaque integer, or nil where the letter cannot hold it.
local function unbox(value, letter)
  local mark = type(value) == "table" and marks.of[value]
  if not mark or mark.kind ~= "integer" then
    return nil
  end
  local tag, first = byte(mark.wire, 1, 2)
  local fits = letter == "q" and (tag == 0xd3 or first < 128) or letter == "Q" and tag == 0xcf
  return fits and sub(mark.wire, 2) or nil
end

---The big-endian bytes of an element, or nil where the letter cannot hold it.
local function element(value, letter)
  if letter == "f" or letter == "d" then
    return type(value) == "number" and PUT[letter](value) or nil
  elseif type(value) ~= "number" then
    return WIDTH[letter] == 8 and unbox(value, letter) or nil
  end
  local low, high = range.LOW[letter], range.HIGH[letter]
  if WIDTH[letter] == 8 then
    low, high = letter == "q" and -EXACT or 0, EXACT
  end
  return value >= low and value <= high and floor(value) == value and PUT[letter](value) or nil
end

---@param list table
---@param letter string
---@param count integer
---@return string? data
---@return string? reason
---@return integer? place of the element that is wrong
function M.write(list, letter, count)
  local out = {}
  for place = 1, count do
    local value = rawget(list, place)
    local octets = element(value, letter)
    if not octets then
      return nil, range.misfit(value, letter), place
    end
    out[place] = reverse(octets)
  end
  return concat(out)
end

return M
