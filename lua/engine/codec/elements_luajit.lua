---Elements of typed arrays on LuaJIT: copied through ffi, never handed out as cdata.

local bit = require("bit")
local ffi = require("ffi")

local marks = require("engine.codec.marks")
local numbers = require("engine.codec.numbers_luajit")
local range = require("engine.codec.elements_range")
local new_table = require("engine.platform").new_table

local M = {}

local byte, reverse, sub = string.byte, string.reverse, string.sub
local cast, to_string = ffi.cast, ffi.string
local floor, rawget, type = math.floor, rawget, type

local EXACT = range.EXACT
local octets = ffi.typeof("const uint8_t *")
local octets_of_8 = ffi.typeof("const uint64_t *")

local TYPE = {
  b = "int8_t", B = "uint8_t", h = "int16_t", H = "uint16_t", i = "int32_t", I = "uint32_t",
  q = "int64_t", Q = "uint64_t", f = "float", d = "double",
}
local POINTER, ARRAY = {}, {}
for letter, name in next, TYPE do
  POINTER[letter] = ffi.typeof("const " .. name .. " *")
  ARRAY[letter] = ffi.typeof(name .. "[?]")
end

local function read_wide(data, at, letter, count)
  local convert = letter == "q" and numbers.i64 or numbers.u64
  local list = new_table(count, 0)
  for place = 1, count do
    local start = at + 8 * (place - 1)
    list[place] = convert(reverse(sub(data, start, start + 7)), 1)
  end
  return list
end

---@param data string
---@param at integer position of the first element
---@param letter string
---@param count integer
---@return (number|table)[]
function M.read(data, at, letter, count)
  if letter == "q" or letter == "Q" then
    return read_wide(data, at, letter, count)
  end
  local list = new_table(count, 0)
  local elements = cast(POINTER[letter], cast(octets, data) + (at - 1))
  for place = 1, count do
    list[place] = elements[place - 1]
  end
  return list
end

local function write_floats(list, letter, count)
  local elements = ARRAY[letter](count)
  for place = 1, count do
    local value = rawget(list, place)
    if type(value) ~= "number" then
      return nil, range.misfit(value, letter), place
    end
    elements[place - 1] = value
  end
  return elements
end

local function write_integers(list, letter, count)
  local elements = ARRAY[letter](count)
  local low, high = range.LOW[letter], range.HIGH[letter]
  for place = 1, count do
    local value = rawget(list, place)
    if type(value) ~= "number" or value < low or value > high or floor(value) ~= value then
      return nil, range.misfit(value, letter), place
    end
    elements[place - 1] = value
  end
  return elements
end

---The value of an opaque integer as cdata, or nil where the letter cannot hold it.
local function unbox(value, letter)
  local mark = type(value) == "table" and marks.of[value]
  if not mark or mark.kind ~= "integer" then
    return nil
  end
  local tag, first = byte(mark.wire, 1, 2)
  if (letter == "q") ~= (tag == 0xd3) and not (letter == "q" and first < 128) then
    return nil
  end
  return bit.bswap(cast(octets_of_8, cast(octets, mark.wire) + 1)[0])
end

local function write_wide(list, letter, count)
  local elements = ARRAY[letter](count)
  local low = letter == "q" and -EXACT or 0
  for place = 1, count do
    local value = rawget(list, place)
    if type(value) == "number" and value >= low and value <= EXACT and floor(value) == value then
      elements[place - 1] = value
    else
      local wide = unbox(value, letter)
      if not wide then
        return nil, range.misfit(value, letter), place
      end
      elements[place - 1] = wide
    end
  end
  return elements
end

local WRITE = { f = write_floats, d = write_floats, q = write_wide, Q = write_wide }

---@param list table
---@param letter string
---@param count integer
---@return string? data
---@return string? reason
---@return integer? place of the element that is wrong
function M.write(list, letter, count)
  local elements, reason, place = (WRITE[letter] or write_integers)(list, letter, count)
  if not elements then
    return nil, reason, place
  end
  return to_string(elements, ffi.sizeof(elements))
end

return M
