---Forms in which a string reaches Python whole.
---
---A runtime with an encoding decodes every string on its way to Python, which fails for
---bytes that are no text in it. Python tries the forms in their order and knows them by place.

local platform = require("engine.platform")

local M = {}

local char, concat, find = string.char, table.concat, string.find
local format, gsub = string.format, string.gsub

local LATIN, HEX = {}, {}
for value = 0, 255 do
  HEX[char(value)] = format("%02x", value)
  if value > 127 then
    LATIN[char(value)] = char(value < 192 and 194 or 195, 128 + value % 64)
  end
end

---Where there is no encoding, or one that knows every byte.
---@param text string
---@return string
local function plain(text)
  return text
end

---For UTF-8: every byte as the character with its number.
---@param text string
---@return string
local function characters(text)
  return (gsub(text, "[\128-\255]", LATIN))
end

-- A payload of floats is half high bytes: five times as fast as gsub there.
if platform.name == "luajit" then
  local ffi = require("ffi")
  local octets, pointer = ffi.typeof("uint8_t[?]"), ffi.typeof("const uint8_t *")

  function characters(text)
    if not find(text, "[\128-\255]") then
      return text
    end
    local from, size = ffi.cast(pointer, text), #text
    local out, used = octets(2 * size), 0
    for place = 0, size - 1 do
      local value = from[place]
      if value < 128 then
        out[used] = value
        used = used + 1
      else
        out[used] = value < 192 and 194 or 195
        out[used + 1] = 128 + value % 64
        used = used + 2
      end
    end
    return ffi.string(out, used)
  end
end

---For any other encoding that agrees with ASCII.
---@param text string
---@return string
local function hexadecimal(text)
  return (gsub(text, ".", HEX))
end

M.all = { plain, characters, hexadecimal }

---Every byte there is, in one of the forms.
---@param form integer
---@return string
function M.sample(form)
  local out = {}
  for value = 0, 255 do
    out[value + 1] = char(value)
  end
  return M.all[form](concat(out))
end

return M
