---Typed arrays (`array.array`, NumPy): a flat list of numbers with a letter and a shape.
---
---On the wire: the letter of Python's array module, the number of dimensions (none for an
---`array.array`, whose length is what is there), each as u32, and the elements row by row;
---all little-endian.

local marks = require("engine.codec.marks")
local platform = require("engine.platform")
local elements = require("engine.codec.elements_" .. platform.name)

local M = {}

local byte, char, format, sub = string.byte, string.char, string.format, string.sub
local floor = math.floor
local rawget, type = rawget, type
local raw_length = platform.raw_length

---Bytes of an element by its letter.
M.WIDTH = { b = 1, B = 1, h = 2, H = 2, i = 4, I = 4, q = 8, Q = 8, f = 4, d = 8 }

local function read_u32(text, at)
  local a, b, c, d = byte(text, at, at + 3)
  return a + b * 256 + c * 65536 + d * 16777216
end

local function write_u32(value)
  local high, low = floor(value / 65536), value % 65536
  return char(low % 256, floor(low / 256), high % 256, floor(high / 256))
end

---How many elements a shape with dimensions has.
---@param shape integer[]
---@return integer
local function product(shape)
  local count = 1
  for place = 1, #shape do
    count = count * shape[place]
  end
  return count
end

---@param data string
---@return number[]?
---@return string? reason
function M.decode(data)
  local letter, dimensions = sub(data, 1, 1), byte(data, 2)
  local width = M.WIDTH[letter]
  if not width or not dimensions or #data < 2 + 4 * dimensions then
    return nil, "a typed array without its letter and shape"
  end
  local shape = {}
  for place = 1, dimensions do
    shape[place] = read_u32(data, 4 * place - 1)
  end
  local start = 3 + 4 * dimensions
  local room = #data - start + 1
  local count = dimensions > 0 and product(shape) or floor(room / width)
  if count * width ~= room then
    return nil, "a typed array whose shape does not fit its elements"
  end
  local list = elements.read(data, start, letter, count)
  marks.of[list] = { kind = "typed_array", typecode = letter, shape = shape }
  return list
end

---@param list table
---@param mark engine.codec.Mark
---@return string? data
---@return string? reason why there is none
---@return integer? place of the element that is wrong
function M.encode(list, mark)
  local shape = mark.shape
  local count = raw_length(list)
  if #shape == 1 then
    shape = { count } -- may have grown or shrunk
  elseif #shape > 1 and count ~= product(shape) then
    local problem = "a typed array of %d elements does not fit its shape of %d"
    return nil, format(problem, count, product(shape))
  end
  if count > 4294967295 or #shape > 255 then
    return nil, "a typed array too large to carry"
  end
  local data, problem, place = elements.write(list, mark.typecode, count)
  if not data then
    return nil, problem, place
  end
  local head = { mark.typecode, char(#shape) }
  for dimension = 1, #shape do
    head[dimension + 2] = write_u32(shape[dimension])
  end
  return table.concat(head) .. data
end

---Marks `list` as a typed array.
---@param letter string
---@param list table
---@param shape integer[]? for a NumPy array; without it an `array.array`
---@return table? list
---@return string? reason
function M.make(letter, list, shape)
  if not M.WIDTH[letter] then
    return nil, "the letter of a typed array is one of b B h H i I q Q f d"
  end
  local copied = {}
  for place = 1, shape and raw_length(shape) or 0 do
    local size = rawget(shape, place)
    if type(size) ~= "number" or size < 0 or size % 1 ~= 0 or size > 4294967295 then
      return nil, "a shape is a list of whole sizes"
    end
    copied[place] = floor(size)
  end
  if shape and #copied == 0 then
    return nil, "a shape has at least one size"
  elseif shape and product(copied) ~= raw_length(list) then
    return nil, "the shape does not fit the " .. raw_length(list) .. " elements"
  end
  marks.of[list] = { kind = "typed_array", typecode = letter, shape = copied }
  return list
end

return M
