---Lua values to MessagePack.
---
---Tables are read with `next` alone, so no metatable of a script can lie to it, and no
---code of a script runs. An error is thrown as a string that begins with the path to the
---value.

local marks = require("engine.codec.marks")
local path = require("engine.codec.path")
local platform = require("engine.platform")
local text = require("engine.codec.text")
local extensions = require("engine.codec.extensions")
local is_integer = require("engine.codec.kinds_" .. platform.name).is_integer
local writer = require("engine.codec.writer_" .. platform.name)

local M = {}

local error, next, rawget, type = error, next, rawget, type
local is_utf8 = text.is_utf8
local marked = marks.of
local put_byte, put_float, put_head = writer.byte, writer.float, writer.head
local put_integer, put_raw = writer.integer, writer.raw

-- A table of positive integer keys with holes is an array where at least one place in
-- this many is filled.
local SPARSEST = 2

local deepest = 0
-- The keys that lead to the table being written, and the tables on that way: keys[n] is
-- the key of open[n] in open[n - 1], and open[0] the result itself.
local keys, open = {}, {}

---@param depth integer how many of `keys` lead to the value
---@param problem string
local function refuse(depth, problem)
  error(path.text(keys, depth) .. ": " .. problem, 0)
end

local function put_text(value)
  if is_utf8(value) then
    put_head(#value, 0xa0, 32, 0xd9, 0xda)
  else
    put_head(#value, 0, 0, 0xc4, 0xc5)
  end
  put_raw(value)
end

local put_table

---Writes the value that `key` leads to, `depth` keys below the result.
local function put_value(value, depth, key)
  local kind = type(value)
  if kind == "number" then
    if is_integer(value) then
      put_integer(value)
    else
      put_float(value)
    end
  elseif kind == "string" then
    put_text(value)
  elseif kind == "table" then
    keys[depth] = key
    put_table(value, depth)
  elseif value == nil then
    put_byte(0xc0)
  elseif kind == "boolean" then
    put_byte(value and 0xc3 or 0xc2)
  else
    keys[depth] = key
    refuse(depth, "cannot carry a " .. kind)
  end
end

local function put_key(key, depth)
  local kind = type(key)
  if kind == "string" then
    put_text(key)
  elseif kind == "number" and is_integer(key) then
    put_integer(key)
  elseif marks.kind(key) == "integer" or marks.kind(key) == "bytes" then
    put_table(key, depth + 1)
  else
    local what = kind == "number" and "the fraction " .. tostring(key) or "a " .. kind
    refuse(depth, "cannot carry " .. what .. " as a key: keys are integers and strings")
  end
end

local function put_array(list, count, depth)
  put_head(count, 0x90, 16, nil, 0xdc)
  for place = 1, count do
    put_value(rawget(list, place), depth + 1, place)
  end
end

local function put_map(map, count, depth)
  put_head(count, 0x80, 16, nil, 0xde)
  for key, value in next, map do
    put_key(key, depth)
    put_value(value, depth + 1, key)
  end
end

---Writes a table whose keys are not 1 to n in order.
---@param least integer the length that it has at least if it is an array
local function put_by_keys(value, depth, least)
  local count, largest, is_list = 0, 0, true
  for key in next, value do
    count = count + 1
    if type(key) ~= "number" or key < 1 or key % 1 ~= 0 then
      is_list = false
    elseif key > largest then
      largest = key
    end
  end
  if is_list and (largest <= least or largest <= SPARSEST * count) then
    put_array(value, largest > least and largest or least, depth)
  else
    put_map(value, count, depth)
  end
end

---Writes a table that was decoded from a map, or made one by `worker.map`.
local function put_marked_map(map, mark, depth)
  local count = 0
  for _ in next, map do
    count = count + 1
  end
  local nils = mark.nils or {}
  for key in next, nils do
    if rawget(map, key) == nil then
      count = count + 1
    end
  end
  put_map(map, count, depth)
  for key in next, nils do
    if rawget(map, key) == nil then
      put_key(key, depth)
      put_byte(0xc0)
    end
  end
end

local EXT_TAG = { 0xd4, 0xd5, [4] = 0xd6, [8] = 0xd7, [16] = 0xd8 }

local function put_extension(value, mark, depth)
  local code, data, at = extensions.encode(value, mark)
  if not code then
    keys[depth + 1] = at
    refuse(at and depth + 1 or depth, data)
  end
  local tag = EXT_TAG[#data]
  if tag then
    put_byte(tag)
  else
    put_head(#data, 0, 0, 0xc7, 0xc8)
  end
  put_byte(code % 256)
  put_raw(data)
end

local put_marked = {
  array = function(list, mark, depth)
    put_by_keys(list, depth, mark.n)
  end,
  map = put_marked_map,
  bytes = function(value, _, depth)
    local data = rawget(value, "data")
    if type(data) ~= "string" then
      refuse(depth, "the data of a bytes object is not a string")
    end
    put_head(#data, 0, 0, 0xc4, 0xc5)
    put_raw(data)
  end,
  integer = function(_, mark)
    put_raw(mark.wire)
  end,
  timestamp = put_extension,
  datetime = put_extension,
  typed_array = put_extension,
  ext = put_extension,
}

---Says why a table is too deep: one that contains itself, or too many levels.
local function refuse_depth(value, depth)
  open[depth] = value
  local seen = {}
  for level = 0, depth do
    if seen[open[level]] then
      refuse(level, "cannot carry a table that contains itself")
    end
    seen[open[level]] = true
  end
  refuse(depth, "nested deeper than " .. deepest .. " levels")
end

function put_table(value, depth)
  if depth >= deepest then
    refuse_depth(value, depth)
  end
  open[depth] = value
  local mark = marked[value]
  if mark then
    return put_marked[mark.kind](value, mark, depth)
  end
  local count = 0
  for key in next, value do
    count = count + 1
    if key ~= count then
      return put_by_keys(value, depth, 0)
    end
  end
  put_head(count, 0x90, 16, nil, 0xdc)
  for place, element in next, value do
    put_value(element, depth + 1, place)
  end
end

---@param value any
---@param limits engine.codec.Limits
---@return string # an error is thrown as a string without position
function M.encode(value, limits)
  deepest = limits.depth
  writer.reset(limits.bytes)
  put_value(value, 0, nil)
  return writer.finish()
end

---Lets go of the tables of the last value, which may be large.
function M.forget()
  for depth in next, open do
    open[depth] = nil
  end
  for depth in next, keys do
    keys[depth] = nil
  end
end

return M
