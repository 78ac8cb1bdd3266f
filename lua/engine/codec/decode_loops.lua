---The loops over the elements of arrays and the entries of maps, to be compiled apart for
---short and long ones (see platform.recompiled).

local input = require("engine.codec.input")
local marks = require("engine.codec.marks")
local platform = require("engine.platform")
local numbers = require("engine.codec.numbers_" .. platform.name)

local M = {}

local type = type
local malformed = input.malformed

---Throws unless a decoded value can be a key.
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

-- Without upvalues, so that it can be compiled again.
local function make(byte, sub, f64, check, type_of)
  ---@return integer after
  ---@return boolean has_nil
  local function read_elements(read, list, count, text, at, depth, size)
    local has_nil = false
    for place = 1, count do
      local tag = byte(text, at)
      if tag == 0xcb and at + 8 <= size then -- grids of floats are common: no call
        list[place] = f64(text, at + 1)
        at = at + 9
      elseif tag and tag <= 0x7f then
        list[place] = tag
        at = at + 1
      elseif tag == 0xc0 then
        has_nil = true
        at = at + 1
      else
        list[place], at = read(text, at, depth, size)
      end
    end
    return at, has_nil
  end

  ---@return integer after
  ---@return boolean is_plain whether the keys alone say that it is a map
  ---@return table<any, true>? nils the keys whose value is nil
  local function read_entries(read, map, count, text, at, depth, size)
    local is_plain, nils = false, nil
    for _ = 1, count do
      local tag = byte(text, at)
      local key, value
      if tag and tag >= 0xa0 and tag <= 0xbf and at + tag - 0xa0 <= size then
        local last = at + tag - 0xa0
        key = sub(text, at + 1, last)
        at = last + 1
        is_plain = true
      else
        local start = at
        key, at = read(text, at, depth, size)
        check(key, start)
        is_plain = is_plain or type_of(key) ~= "number" or key < 1 or key % 1 ~= 0
      end
      tag = byte(text, at)
      if tag and tag <= 0x7f then -- common as well
        map[key] = tag
        at = at + 1
      else
        value, at = read(text, at, depth, size)
        map[key] = value
        if value == nil then
          nils = nils or {}
          nils[key] = true
        end
      end
    end
    return at, is_plain, nils
  end

  return read_elements, read_entries
end

---A pair of loops of its own: of elements and of entries.
---@return function read_elements
---@return function read_entries
function M.new()
  return platform.recompiled(make)(string.byte, string.sub, numbers.f64, check_key, type)
end

return M
