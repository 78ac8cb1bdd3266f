---MessagePack to Lua values.
---
---Lengths are checked against the bytes that are left before anything is allocated. Nil
---holes, empty maps and maps of integer keys get a mark (see marks.lua), so that an
---untouched value goes back as it came.

local decode_loops = require("engine.codec.decode_loops")
local input = require("engine.codec.input")
local marks = require("engine.codec.marks")
local platform = require("engine.platform")
local scalars = require("engine.codec.scalars")
local numbers = require("engine.codec.numbers_" .. platform.name)

local M = {}

local byte, sub, next = string.byte, string.sub, next
local counted, cut_short = input.counted, input.cut_short
local malformed = input.malformed
local new_table = platform.new_table
local marked = marks.of

-- More places than this are not reserved on the word of a header: the table grows as
-- elements really come, so nested headers that lie cost nothing.
local RESERVED_PLACES = 4096

-- A container of at most so many elements is short (see platform.recompiled).
local SHORT = 4
local read_few_elements, read_few_entries = decode_loops.new()
local read_many_elements, read_many_entries = decode_loops.new()

local deepest = 0

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
  local read_elements = count <= SHORT and read_few_elements or read_many_elements
  local has_nil
  at, has_nil = read_elements(read, list, count, text, at, depth, size)
  if has_nil then
    marked[list] = { kind = "array", n = count }
  end
  return list, at
end

local function read_map(text, at, count, depth, size)
  check_room(at, count, 2, size)
  depth = depth + 1
  check_depth(at, depth)
  local map = new_table(0, count < RESERVED_PLACES and count or RESERVED_PLACES)
  local read_entries = count <= SHORT and read_few_entries or read_many_entries
  local is_plain, nils
  at, is_plain, nils = read_entries(read, map, count, text, at, depth, size)
  if nils then
    marked[map] = { kind = "map", nils = nils }
  elseif not is_plain then
    marked[map] = marks.MAP
  end
  return map, at
end

local readers = {
  [0xdc] = counted(2, numbers.u16, read_array),
  [0xdd] = counted(4, numbers.u32, read_array),
  [0xde] = counted(2, numbers.u16, read_map),
  [0xdf] = counted(4, numbers.u32, read_map),
}
for tag, reader in next, scalars.READERS do
  readers[tag] = reader
end

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
  elseif tag <= 0xbf and at + tag - 0xa0 <= size then
    local last = at + tag - 0xa0
    return sub(text, at + 1, last), last + 1
  elseif tag <= 0xbf then
    cut_short(at + 1)
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
