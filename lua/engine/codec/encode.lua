---Lua values to MessagePack.
---
---Tables are read with `next` and `rawget` alone, so no metatable of a script can lie to it,
---and no code of a script runs. An error is thrown as a string that begins with the path to
---the value.

local encode_loops = require("engine.codec.encode_loops")
local encode_marked = require("engine.codec.encode_marked")
local marks = require("engine.codec.marks")
local platform = require("engine.platform")
local trail = require("engine.codec.trail")
local is_integer = require("engine.codec.kinds_" .. platform.name).is_integer
local writer = require("engine.codec.writer_" .. platform.writer())

local M = {}

local next, rawget, tostring, type = next, rawget, tostring, type
local is_compiled = platform.is_compiled
local marked = marks.of
local keys, open = trail.keys, trail.open
local refuse, refuse_depth = trail.refuse, trail.refuse_depth
local put_byte, put_head, put_number, put_text =
  writer.byte, writer.head, writer.number, writer.text
local begin_map, end_map = writer.begin_map, writer.end_map

-- A table of positive integer keys with holes is an array where at least one place in
-- this many is filled.
local SPARSEST = 2

local deepest, most_values, values = 0, 0, 0

---Counts values that are written. A few tables that share each other unfold to any number
---of them, and whoever reads the result makes each.
local function count_values(count)
  values = values + count
  if values > most_values then
    refuse(0, ("holds more than %d values"):format(most_values))
  end
end

local put_table

---Writes the value that `key` leads to, `depth` keys below the result.
local function put_value(value, depth, key)
  local kind = type(value)
  if kind == "number" then
    put_number(value)
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

---Writes the key of an entry, and counts the entry.
local function put_key(key, depth)
  count_values(2)
  local kind = type(key)
  if kind == "string" then
    put_text(key)
  elseif kind == "number" and is_integer(key) then
    put_number(key)
  elseif marks.kind(key) == "integer" or marks.kind(key) == "bytes" then
    put_table(key, depth + 1)
  else
    local what = kind == "number" and "the fraction " .. tostring(key) or "a " .. kind
    refuse(depth, "cannot carry " .. what .. " as a key: keys are integers and strings")
  end
end

local put_few, put_many -- the loops, see encode_loops.lua

---The loops for a table, by whether it has few entries. No loop here, for the same reason.
local function loops_for(value)
  if not is_compiled then
    return put_many -- all the same there
  end
  local key = next(value)
  key = key ~= nil and next(value, key) or nil
  key = key ~= nil and next(value, key) or nil
  key = key ~= nil and next(value, key) or nil
  return (key == nil or next(value, key) == nil) and put_few or put_many
end

---Writes a table whose keys are not 1 to n in order.
---@param least integer the length that it has at least if it is an array
local function put_by_keys(value, depth, least)
  local put = loops_for(value)
  local count, largest = put.measure(value)
  if largest and (largest <= least or largest <= SPARSEST * count) then
    largest = largest > least and largest or least
    count_values(largest)
    put_head(largest, 0x90, 16, nil, 0xdc)
    put.places(value, largest, depth + 1)
  else
    begin_map()
    end_map(put.entries(value, depth + 1))
  end
end

---@param nils table<any, true> the keys that are remembered to have nil
local function put_map(map, nils, depth)
  begin_map()
  local put = loops_for(map)
  local count = put.entries(map, depth + 1)
  for key in next, nils do
    if rawget(map, key) == nil then
      put_key(key, depth)
      put_byte(0xc0)
      count = count + 1
    end
  end
  end_map(count)
end

local put_marked = encode_marked.writers(put_by_keys, put_map)

function put_table(value, depth)
  if depth >= deepest then
    refuse_depth(value, depth)
  end
  open[depth] = value
  local mark = marked[value]
  if mark then
    return put_marked[mark.kind](value, mark, depth)
  end
  local put = loops_for(value)
  local first = next(value)
  if type(first) == "string" then
    begin_map()
    end_map(put.entries(value, depth + 1))
    return
  end
  local count = (first == nil or first == 1) and put.count_in_order(value)
  if not count then
    return put_by_keys(value, depth, 0)
  end
  count_values(count)
  put_head(count, 0x90, 16, nil, 0xdc)
  put.elements(value, depth + 1)
end

put_few = encode_loops.new(put_value, put_key)
put_many = encode_loops.new(put_value, put_key)

---@param value any
---@param limits engine.codec.Limits
---@return string # an error is thrown as a string without position
function M.encode(value, limits)
  deepest, most_values, values = limits.depth, limits.values, 1
  writer.reset(limits.bytes)
  put_value(value, 0, nil)
  return writer.finish()
end

---Lets go of the last value.
M.forget = trail.forget

return M
