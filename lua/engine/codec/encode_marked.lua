---Writes tables that carry a mark (see marks.lua).

local extensions = require("engine.codec.extensions")
local platform = require("engine.platform")
local trail = require("engine.codec.trail")
local writer = require("engine.codec.writer_" .. platform.writer())

local M = {}

local rawget, type = rawget, type
local keys, refuse = trail.keys, trail.refuse
local put_byte, put_head, put_raw = writer.byte, writer.head, writer.raw

local NONE = {}
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

local function put_bytes(value, _, depth)
  local data = rawget(value, "data")
  if type(data) ~= "string" then
    refuse(depth, "the data of a bytes object is not a string")
  end
  put_head(#data, 0, 0, 0xc4, 0xc5)
  put_raw(data)
end

local function put_integer(_, mark)
  put_raw(mark.wire)
end

---The writers by kind of mark.
---@param put_by_keys fun(value: table, depth: integer, least: integer)
---@param put_plain_map fun(map: table, nils: table<any, true>, depth: integer)
---@return table<string, fun(value: table, mark: engine.codec.Mark, depth: integer)>
function M.writers(put_by_keys, put_plain_map)
  local function put_array(list, mark, depth)
    put_by_keys(list, depth, mark.n)
  end

  local function put_map(map, mark, depth)
    put_plain_map(map, mark.nils or NONE, depth)
  end

  return {
    array = put_array,
    map = put_map,
    bytes = put_bytes,
    integer = put_integer,
    timestamp = put_extension,
    datetime = put_extension,
    typed_array = put_extension,
    ext = put_extension,
  }
end

return M
