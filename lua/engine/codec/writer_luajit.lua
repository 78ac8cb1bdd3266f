---Writes MessagePack's types into one growing buffer on LuaJIT, through ffi.
---
---An integer here is a whole double within 2^53. One value is written at a time: reset,
---the parts in order, finish.

local bit = require("bit")
local ffi = require("ffi")

local M = {}

local band, bswap, rshift, tobit = bit.band, bit.bswap, bit.rshift, bit.tobit
local cast, copy, to_string = ffi.cast, ffi.copy, ffi.string

local octets = ffi.typeof("uint8_t[?]")
local at_u32 = ffi.typeof("uint32_t *")
local at_u64 = ffi.typeof("uint64_t *")
local view = ffi.new("union { double f64; int64_t i64; uint64_t u64; }")

-- A buffer that grew beyond this is dropped after its value.
local KEPT_BYTES = 1048576

local capacity = 4096
local buffer = octets(capacity)
local used = 0
local limit = 0

local function grow(count)
  if used + count > limit then
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
  used, limit = 0, limit_bytes
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

---@param value integer
function M.integer(value)
  room(9)
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
    elseif value < 4294967296 then
      buffer[used] = 0xce
      used = used + 1
      put_u32(value)
    else
      put_wide(0xcf, value)
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
  elseif value >= -2147483648 then
    buffer[used] = 0xd2
    used = used + 1
    put_u32(value)
  else
    put_wide(0xd3, value)
  end
end

---@param value number
function M.float(value)
  room(9)
  view.f64 = value
  buffer[used] = 0xcb
  cast(at_u64, buffer + (used + 1))[0] = bswap(view.u64)
  used = used + 9
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

return M
