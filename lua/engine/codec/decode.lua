---MessagePack to Lua values.
---
---Lengths are checked against the bytes that are left before anything is allocated. Nil
---holes, empty maps and maps of integer keys get a mark (see marks.lua), so that an
---untouched value goes back as it came.

local boxes = require("engine.codec.boxes")
local marks = require("engine.codec.marks")
local platform = require("engine.platform")
local extensions = require("engine.codec.extensions")
local numbers = require("engine.codec.numbers_" .. platform.name)

local M = {}

local byte, sub = string.byte, string.sub
local error, type = error, type
local u16, u32, u64, i64 = numbers.u16, numbers.u32, numbers.u64, numbers.i64
local f32, f64 = numbers.f32, numbers.f64
local new_table = platform.new_table
local make_bytes = boxes.bytes
local marked = marks.of

-- More places than this are not reserved on the word of a header: the table grows as
-- elements really come, so nested headers that lie cost nothing.
local RESERVED_PLACES = 4096

local deepest = 0

local function malformed(at, what)
  error("malformed MessagePack at byte " .. at .. ": " .. what, 0)
end

local function cut_short(at)
  malformed(at, "the payload is cut short")
end

local function take(text, from, count, size)
  local last = from + count - 1
  if last > size then
    cut_short(from)
  end
  return sub(text, from, last), last + 1
end

local function check_room(at, count, unit, size)
  if count * unit > size - at + 1 then
    malformed(at, "a container of " .. count .. " says more than the payload holds")
  end
end

local function check_depth(at, depth)
  if depth > deepest then
    malformed(at, "nested deeper than " .. deepest .. " levels")
  end
end

local read

local function read_array(text, at, count, depth, size)
  check_room(at, count, 1, size)
  depth = depth + 1
  check_depth(at, depth)
  local list = new_table(count < RESERVED_PLACES and count or RESERVED_PLACES, 0)
  local has_nil = false
  for place = 1, count do
    local tag = byte(text, at)
    if tag == 0xcb and at + 8 <= size then -- grids of floats are common: no call
      list[place] = f64(text, at + 1)
      at = at + 9
    elseif tag == 0xc0 then
      has_nil = true
      at = at + 1
    else
      list[place], at = read(text, at, depth, size)
    end
  end
  if has_nil then
    marked[list] = { kind = "array", n = count }
  end
  return list, at
end

local function check_key(key, at)
  if key == nil then
    malformed(at, "a map key is nil")
  elseif key ~= key then
    malformed(at, "a map key is NaN")
  elseif type(key) == "table" then
    local kind = marks.kind(key)
    if kind ~= "integer" and kind ~= "bytes" then
      malformed(at, "a map key is an array, a map or an extension")
    end
  end
end

local function read_map(text, at, count, depth, size)
  check_room(at, count, 2, size)
  depth = depth + 1
  check_depth(at, depth)
  local map = new_table(0, count < RESERVED_PLACES and count or RESERVED_PLACES)
  local is_plain = false -- whether its keys alone say that it is a map
  local nils
  for _ = 1, count do
    local tag = byte(text, at)
    local key, value
    if tag and tag >= 0xa0 and tag <= 0xbf then
      key, at = take(text, at + 1, tag - 0xa0, size)
      is_plain = true
    else
      local start = at
      key, at = read(text, at, depth, size)
      check_key(key, start)
      is_plain = is_plain or type(key) ~= "number" or key < 1 or key % 1 ~= 0
    end
    value, at = read(text, at, depth, size)
    map[key] = value
    if value == nil then
      nils = nils or {}
      nils[key] = true
    end
  end
  if nils then
    marked[map] = { kind = "map", nils = nils }
  elseif not is_plain then
    marked[map] = marks.MAP
  end
  return map, at
end

local function read_bytes(text, at, count, size)
  local data
  data, at = take(text, at, count, size)
  return make_bytes(data), at
end

local function read_ext(text, at, count, size)
  local code = byte(text, at)
  if not code then
    cut_short(at)
  end
  local start = at
  local data
  data, at = take(text, at + 1, count, size)
  local value, reason = extensions.decode(code < 128 and code or code - 256, data)
  if value == nil then
    malformed(start, reason)
  end
  return value, at
end

---A reader of a number of `width` bytes.
local function fixed(width, convert)
  return function(text, at, _, size)
    if at + width - 1 > size then
      cut_short(at)
    end
    return convert(text, at), at + width
  end
end

---A reader of something whose length, a number of `width` bytes, comes first.
local function counted(width, convert, body)
  return function(text, at, depth, size)
    if at + width - 1 > size then
      cut_short(at)
    end
    return body(text, at + width, convert(text, at), depth, size)
  end
end

---A reader of an extension whose data has `count` bytes.
local function fixed_ext(count)
  return function(text, at, _, size)
    return read_ext(text, at, count, size)
  end
end

local function u8(text, at)
  return (byte(text, at))
end

local function i8(text, at)
  local value = byte(text, at)
  return value < 128 and value or value - 256
end

local function i16(text, at)
  local value = u16(text, at)
  return value < 32768 and value or value - 65536
end

local function i32(text, at)
  local value = u32(text, at)
  return value < 2147483648 and value or value - 4294967296
end

local function text_body(text, at, count, _, size)
  return take(text, at, count, size)
end

local function bytes_body(text, at, count, _, size)
  return read_bytes(text, at, count, size)
end

local function ext_body(text, at, count, _, size)
  return read_ext(text, at, count, size)
end

-- What follows each tag that does not carry its value or length itself. Functions in a
-- table rather than a chain of comparisons: LuaJIT specialises on the function it finds.
local readers = {
  [0xc0] = function(_, at)
    return nil, at
  end,
  [0xc1] = function(_, at)
    malformed(at - 1, "the tag 0xC1 is never used")
  end,
  [0xc2] = function(_, at)
    return false, at
  end,
  [0xc3] = function(_, at)
    return true, at
  end,
  [0xc4] = counted(1, u8, bytes_body),
  [0xc5] = counted(2, u16, bytes_body),
  [0xc6] = counted(4, u32, bytes_body),
  [0xc7] = counted(1, u8, ext_body),
  [0xc8] = counted(2, u16, ext_body),
  [0xc9] = counted(4, u32, ext_body),
  [0xca] = fixed(4, f32),
  [0xcb] = fixed(8, f64),
  [0xcc] = fixed(1, u8),
  [0xcd] = fixed(2, u16),
  [0xce] = fixed(4, u32),
  [0xcf] = fixed(8, u64),
  [0xd0] = fixed(1, i8),
  [0xd1] = fixed(2, i16),
  [0xd2] = fixed(4, i32),
  [0xd3] = fixed(8, i64),
  [0xd4] = fixed_ext(1),
  [0xd5] = fixed_ext(2),
  [0xd6] = fixed_ext(4),
  [0xd7] = fixed_ext(8),
  [0xd8] = fixed_ext(16),
  [0xd9] = counted(1, u8, text_body),
  [0xda] = counted(2, u16, text_body),
  [0xdb] = counted(4, u32, text_body),
  [0xdc] = counted(2, u16, read_array),
  [0xdd] = counted(4, u32, read_array),
  [0xde] = counted(2, u16, read_map),
  [0xdf] = counted(4, u32, read_map),
}

function read(text, at, depth, size)
  local tag = byte(text, at)
  if not tag then
    cut_short(at)
  elseif tag <= 0x7f then
    return tag, at + 1
  elseif tag <= 0x8f then
    return read_map(text, at + 1, tag - 0x80, depth, size)
  elseif tag <= 0x9f then
    return read_array(text, at + 1, tag - 0x90, depth, size)
  elseif tag <= 0xbf then
    return take(text, at + 1, tag - 0xa0, size)
  elseif tag >= 0xe0 then
    return tag - 256, at + 1
  end
  return readers[tag](text, at + 1, depth, size)
end

---@param text string one MessagePack value
---@param limits engine.codec.Limits
---@return any # an error is thrown as a string without position
function M.decode(text, limits)
  deepest = limits.depth
  local size = #text
  local value, after = read(text, 1, 0, size)
  if after <= size then
    malformed(after, "more bytes than one value")
  end
  return value
end

return M
