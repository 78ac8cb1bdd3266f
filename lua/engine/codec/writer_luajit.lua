---Writes MessagePack's types into one growing buffer on LuaJIT, through ffi.
---
---An integer here is a whole double within 2^53. One value is written at a time: reset,
---the parts in order, finish.

local bit = require("bit")
local ffi = require("ffi")

local is_utf8 = require("engine.codec.text").is_utf8

local M = {}

local band, bor, bswap, rshift, tobit = bit.band, bit.bor, bit.bswap, bit.rshift, bit.tobit
local cast, copy, to_string = ffi.cast, ffi.copy, ffi.string
local floor = math.floor

local EXACT = require("engine.platform").exact_integer

local octets = ffi.typeof("uint8_t[?]")
local at_u32 = ffi.typeof("uint32_t *")
local at_i32 = ffi.typeof("int32_t *")
local at_u64 = ffi.typeof("uint64_t *")
local view = ffi.new("union { double f64; int64_t i64; uint64_t u64; }")

-- Most bytes that `room` is asked for beyond those that are written.
local SLACK = 16
-- A buffer that grew beyond this is dropped after its value.
local KEPT_BYTES = 1048576

local capacity = 4096
local buffer = octets(capacity)
local used = 0
local limit = 0

-- Where the heads of maps are whose entries are being written: the count comes last.
local map_starts, open_maps = {}, 0
local spare, spare_capacity = nil, 0 -- a second buffer, for moving

local function grow(count)
  if used + count - SLACK > limit then -- M.finish is exact
    error("result: larger than the limit of " .. limit .. " bytes", 0)
  end
  local larger = capacity
  while used + count > larger do
    larger = larger * 2
  end
  local moved = octets(larger)
  copy(moved, buffer, used)
  buffer, capacity = moved, larger
end

---Space for `count` more bytes.
---@param count integer
local function room(count)
  if used + count > capacity then
    grow(count)
  end
end

local function put_u16(value)
  buffer[used] = rshift(value, 8)
  buffer[used + 1] = band(value, 255)
  used = used + 2
end

local function put_u32(value)
  cast(at_u32, buffer + used)[0] = bswap(tobit(value))
  used = used + 4
end

---@param limit_bytes integer a larger value is an error
function M.reset(limit_bytes)
  if capacity > KEPT_BYTES then
    capacity = 4096
    buffer = octets(capacity)
  end
  if spare_capacity > KEPT_BYTES then
    spare, spare_capacity = nil, 0
  end
  used, limit, open_maps = 0, limit_bytes, 0
end

---@return string
function M.finish()
  if used > limit then
    error("result: larger than the limit of " .. limit .. " bytes", 0)
  end
  return to_string(buffer, used)
end

---@param value integer 0 to 255
function M.byte(value)
  room(1)
  buffer[used] = value
  used = used + 1
end

-- Not through halves of 32 bits: the compiler takes tobit(a - b) apart into
-- tobit(a) - tobit(b), which is wrong where a is beyond 2^51.
local function put_wide(tag, value)
  buffer[used] = tag
  view.i64 = value
  cast(at_u64, buffer + (used + 1))[0] = bswap(view.u64)
  used = used + 9
end

local function put_float(value)
  view.f64 = value
  buffer[used] = 0xcb
  cast(at_u64, buffer + (used + 1))[0] = bswap(view.u64)
  used = used + 9
end

---A whole number of 32 bits.
local function put_short(value)
  if value >= 0 then
    if value < 128 then
      buffer[used] = value
      used = used + 1
    elseif value < 256 then
      buffer[used], buffer[used + 1] = 0xcc, value
      used = used + 2
    elseif value < 65536 then
      buffer[used] = 0xcd
      used = used + 1
      put_u16(value)
    else
      buffer[used] = 0xce
      used = used + 1
      put_u32(value)
    end
  elseif value >= -32 then
    buffer[used] = value + 256
    used = used + 1
  elseif value >= -128 then
    buffer[used], buffer[used + 1] = 0xd0, value + 256
    used = used + 2
  elseif value >= -32768 then
    buffer[used] = 0xd1
    used = used + 1
    put_u16(value + 65536)
  else
    buffer[used] = 0xd2
    used = used + 1
    put_u32(value)
  end
end

---A whole number within 2^53, except -0.0, as an integer; any other as a float.
---@param value number
function M.number(value)
  room(9)
  if tobit(value) == value then
    if value == 0 and 1 / value < 0 then
      put_float(value)
    else
      put_short(value)
    end
  elseif value ~= floor(value) or value >= EXACT or value <= -EXACT then
    put_float(value)
  elseif value > 4294967295 then
    put_wide(0xcf, value)
  elseif value > 0 then
    buffer[used] = 0xce
    used = used + 1
    put_u32(value)
  else
    put_wide(0xd3, value)
  end
end

---Bytes as they are.
---@param data string
function M.raw(data)
  local count = #data
  room(count)
  copy(buffer + used, data, count)
  used = used + count
end

---The head of something of `count` parts or bytes: its short form where it has one,
---else a tag and a length of one, two or four bytes.
---@param count integer
---@param short integer tag of the short form
---@param shorts integer how many counts have the short form
---@param tag8 integer? tag of the one-byte form, where there is one
---@param tag16 integer
function M.head(count, short, shorts, tag8, tag16)
  room(5)
  if count < shorts then
    buffer[used] = short + count
    used = used + 1
  elseif tag8 and count < 256 then
    buffer[used], buffer[used + 1] = tag8, count
    used = used + 2
  elseif count < 65536 then
    buffer[used] = tag16
    used = used + 1
    put_u16(count)
  else
    buffer[used] = tag16 + 1
    used = used + 1
    put_u32(count)
  end
end

-- Text has its bytes above 127; any of these bits is one.
local HIGH_BITS = tobit(0x80808080)

---A string: text where it is UTF-8, else bytes.
---@param value string
function M.text(value)
  local count = #value
  room(count + SLACK)
  local start = used
  M.head(count, 0xa0, 32, 0xd9, 0xda)
  copy(buffer + used, value, count)
  local is_text
  if count <= 16 then -- most strings are, and in compiled code this costs less than a look-up
    cast(at_u64, buffer + (used + count))[0] = 0
    local words = cast(at_i32, buffer + used)
    local bits = bor(words[0], words[1])
    if count > 8 then
      bits = bor(bits, words[2], words[3])
    end
    is_text = band(bits, HIGH_BITS) == 0 or is_utf8(value)
  else
    is_text = is_utf8(value)
  end
  if not is_text then
    used = start
    M.head(count, 0, 0, 0xc4, 0xc5)
    copy(buffer + used, value, count)
  end
  used = used + count
end

---Begins a map.
function M.begin_map()
  room(1)
  open_maps = open_maps + 1
  map_starts[open_maps] = used
  used = used + 1
end

---Moves what follows `start` so that its head has room for `by` more bytes.
local function widen(start, by)
  room(by)
  local size = used - start
  if size > spare_capacity then
    spare = octets(capacity)
    spare_capacity = capacity -- after the line that may run out of memory
  end
  copy(spare, buffer + start, size)
  copy(buffer + (start + by), spare, size)
  used = used + by
end

---Ends the map that was begun last.
---@param count integer of its entries
function M.end_map(count)
  local start = map_starts[open_maps]
  open_maps = open_maps - 1
  if count < 16 then
    buffer[start] = 0x80 + count
    return
  end
  widen(start + 1, count < 65536 and 2 or 4)
  local stop = used
  used = start
  M.head(count, 0x80, 16, nil, 0xde)
  used = stop
end

return M
