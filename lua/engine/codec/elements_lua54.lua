---Elements of typed arrays on Lua 5.4: packed and unpacked in runs.

local boxes = require("engine.codec.boxes")
local marks = require("engine.codec.marks")
local range = require("engine.codec.elements_range")

local M = {}

local pack, rep = string.pack, string.rep
local concat, move, unpack = table.concat, table.move, table.unpack
local string_unpack = string.unpack
local math_tointeger, rawget, type = math.tointeger, rawget, type

-- Elements of one call of string.pack; Lua's stack has room for far more.
local RUN = 128

local FORMAT = {
  b = "i1", B = "I1", h = "i2", H = "I2", i = "i4", I = "I4", q = "i8", Q = "i8", f = "f", d = "d",
}
local WIDTH = { b = 1, B = 1, h = 2, H = 2, i = 4, I = 4, q = 8, Q = 8, f = 4, d = 8 }

---Turns the negative numbers of an unsigned 64-bit list into opaque integers.
local function box_unsigned(list, count)
  for place = 1, count do
    if list[place] < 0 then
      list[place] = boxes.integer("\207" .. pack(">i8", list[place]))
    end
  end
end

---@param data string
---@param at integer position of the first element
---@param letter string
---@param count integer
---@return (number|table)[]
function M.read(data, at, letter, count)
  local list = {}
  local run = "<" .. rep(FORMAT[letter], RUN)
  local place = 1
  while place <= count do
    local length = RUN
    if count - place + 1 < RUN then
      length = count - place + 1
      run = "<" .. rep(FORMAT[letter], length)
    end
    move({ string_unpack(run, data, at) }, 1, length, place, list)
    at = at + length * WIDTH[letter]
    place = place + length
  end
  if letter == "Q" then
    box_unsigned(list, count)
  end
  return list
end

---The 64 bits of an opaque integer, or nil where the letter cannot hold it.
local function unbox(value, letter)
  local mark = type(value) == "table" and marks.of[value]
  if letter ~= "Q" or not mark or mark.kind ~= "integer" then
    return nil
  end
  return (string_unpack(">i8", mark.wire, 2))
end

---What string.pack can take for `value`, or nil where it does not fit.
local function converted(value, letter)
  if letter == "f" or letter == "d" then
    return type(value) == "number" and value or nil
  end
  local whole = type(value) == "number" and math_tointeger(value) or nil
  if not whole then
    return unbox(value, letter)
  elseif letter == "q" then
    return whole
  elseif letter == "Q" then
    return whole >= 0 and whole or nil
  end
  return whole >= range.LOW[letter] and whole <= range.HIGH[letter] and whole or nil
end

---@param list table
---@param letter string
---@param count integer
---@return string? data
---@return string? reason
---@return integer? place of the element that is wrong
function M.write(list, letter, count)
  local out, run = {}, {}
  local format = "<" .. rep(FORMAT[letter], RUN)
  for place = 1, count do
    local value = rawget(list, place)
    local element = converted(value, letter)
    if not element then
      return nil, range.misfit(value, letter), place
    end
    local used = (place - 1) % RUN + 1
    run[used] = element
    if used == RUN then
      out[#out + 1] = pack(format, unpack(run, 1, RUN))
    elseif place == count then
      out[#out + 1] = pack("<" .. rep(FORMAT[letter], used), unpack(run, 1, used))
    end
  end
  return concat(out)
end

return M
