---The bytes of one value as a list of strings, for machines without a buffer to write into.

local text = require("engine.codec.text")

local M = {}

local concat, error = table.concat, error
local scan = text.scan

-- Parts are joined when there are this many, so that a list of a million numbers does
-- not hold a million strings.
local JOINED_PARTS = 4096
-- Parts of no more bytes together are not let go of after their value: the next ones take
-- their places.
local KEPT_BYTES = 4096
-- Short strings are mostly field names that come again and again.
local KNOWN_BYTES, KNOWN_STRINGS = 64, 1024

local parts, used = {}, 0
local size, limit = 0, 0

-- Parts up to `fixed` are not joined any more: pieces that are, and the heads of the maps
-- whose entries are being written, which get their bytes last.
local fixed, open_maps = 0, 0
local heads, fixed_before = {}, {}

---Bytes as they are.
---@param data string
local function raw(data)
  size = size + #data
  if size > limit then
    error("result: larger than the limit of " .. limit .. " bytes", 0)
  elseif used - fixed >= JOINED_PARTS then
    fixed = fixed + 1
    parts[fixed] = concat(parts, "", fixed, used)
    used = fixed
  end
  used = used + 1
  parts[used] = data
end

M.raw = raw

---Leaves a place for the head of a map.
function M.begin_map()
  raw("\128") -- an empty map's, of the size of most
  open_maps = open_maps + 1
  heads[open_maps], fixed_before[open_maps] = used, fixed
  fixed = used
end

---Ends the map that was begun last.
---@param head string its bytes
function M.end_map(head)
  size = size + #head - 1
  parts[heads[open_maps]] = head
  fixed = fixed_before[open_maps]
  open_maps = open_maps - 1
end

---A writer of strings: as text where they are UTF-8, else as bytes.
---@param head_of fun(...: integer): string see the writers
---@return fun(value: string)
function M.text_writer(head_of)
  local known, known_count = {}, 0

  return function(value)
    local encoded = known[value]
    if encoded then
      return raw(encoded)
    end
    local count = #value
    local head
    if scan(value) then
      head = head_of(count, 0xa0, 32, 0xd9, 0xda)
    else
      head = head_of(count, 0, 0, 0xc4, 0xc5)
    end
    if count > KNOWN_BYTES then
      raw(head)
      return raw(value)
    elseif known_count >= KNOWN_STRINGS then
      known, known_count = {}, 0
    end
    encoded = head .. value
    known[value], known_count = encoded, known_count + 1
    return raw(encoded)
  end
end

local function drop()
  if size > KEPT_BYTES then
    parts = {}
  end
  used, size, fixed, open_maps = 0, 0, 0, 0
end

---@param limit_bytes integer a larger value is an error
function M.reset(limit_bytes)
  drop()
  limit = limit_bytes
end

---@return string
function M.finish()
  if size > limit then
    error("result: larger than the limit of " .. limit .. " bytes", 0)
  end
  local whole = concat(parts, "", 1, used)
  drop()
  return whole
end

return M
