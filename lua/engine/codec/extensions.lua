---MessagePack's extension types as tables: timestamps, typed arrays, naive datetimes, and
---any other code untouched.

local marks = require("engine.codec.marks")
local timestamps = require("engine.codec.timestamps")
local typed_arrays = require("engine.codec.typed_arrays")

local M = {}

local rawget, type = rawget, type

M.TIMESTAMP, M.TYPED_ARRAY, M.DATETIME = -1, 1, 2

local function decode_datetime(data)
  local value = { iso = data }
  marks.of[value] = marks.DATETIME
  return value
end

local DECODE = {
  [M.TIMESTAMP] = timestamps.decode,
  [M.TYPED_ARRAY] = typed_arrays.decode,
  [M.DATETIME] = decode_datetime,
}

---@param code integer -128 to 127
---@param data string
---@return table?
---@return string? reason why it is malformed
function M.decode(code, data)
  local decode = DECODE[code]
  if decode then
    return decode(data)
  end
  local value = { code = code, data = data }
  marks.of[value] = marks.EXT
  return value
end

local function encode_timestamp(value)
  local data, reason = timestamps.encode(value)
  return data and M.TIMESTAMP, data or reason
end

local function encode_typed_array(value, mark)
  local data, reason, place = typed_arrays.encode(value, mark)
  return data and M.TYPED_ARRAY, data or reason, place
end

local function encode_datetime(value)
  local iso = rawget(value, "iso")
  if type(iso) ~= "string" then
    return nil, "the iso of a datetime is not a string"
  end
  return M.DATETIME, iso
end

local function encode_ext(value)
  local code, data = rawget(value, "code"), rawget(value, "data")
  local is_whole = type(code) == "number" and code % 1 == 0
  if not is_whole or code < -128 or code > 127 or type(data) ~= "string" then
    return nil, "an extension needs a code from -128 to 127 and data that is a string"
  end
  return code, data
end

local ENCODE = {
  timestamp = encode_timestamp,
  typed_array = encode_typed_array,
  datetime = encode_datetime,
  ext = encode_ext,
}

---@param value table
---@param mark engine.codec.Mark
---@return integer? code nil where it cannot be carried
---@return string data or the reason
---@return any place the key of the part that is wrong, where it is a part
function M.encode(value, mark)
  return ENCODE[mark.kind](value, mark)
end

return M
