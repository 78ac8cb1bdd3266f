---Reads MessagePack's values that hold no others: numbers, text, bytes, extensions.
---
---A reader takes the whole text, the position after the tag, the depth, and the size of
---the text; it gives the value and the position after it. Lengths are checked against the
---bytes that are left before anything is copied.

local boxes = require("engine.codec.boxes")
local extensions = require("engine.codec.extensions")
local input = require("engine.codec.input")
local platform = require("engine.platform")
local numbers = require("engine.codec.numbers_" .. platform.name)

local M = {}

local byte = string.byte
local counted, cut_short = input.counted, input.cut_short
local malformed, take = input.malformed, input.take
local u16, u32 = numbers.u16, numbers.u32
local make_bytes = boxes.bytes

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
  local data, after = take(text, at, count, size)
  return make_bytes(data), after
end

local function ext_body(text, at, count, _, size)
  return read_ext(text, at, count, size)
end

-- Functions in a table rather than a chain of comparisons: LuaJIT specialises on the
-- function that it finds.
M.READERS = {
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
  [0xca] = fixed(4, numbers.f32),
  [0xcb] = fixed(8, numbers.f64),
  [0xcc] = fixed(1, u8),
  [0xcd] = fixed(2, u16),
  [0xce] = fixed(4, u32),
  [0xcf] = fixed(8, numbers.u64),
  [0xd0] = fixed(1, i8),
  [0xd1] = fixed(2, i16),
  [0xd2] = fixed(4, i32),
  [0xd3] = fixed(8, numbers.i64),
  [0xd4] = fixed_ext(1),
  [0xd5] = fixed_ext(2),
  [0xd6] = fixed_ext(4),
  [0xd7] = fixed_ext(8),
  [0xd8] = fixed_ext(16),
  [0xd9] = counted(1, u8, text_body),
  [0xda] = counted(2, u16, text_body),
  [0xdb] = counted(4, u32, text_body),
}

return M
