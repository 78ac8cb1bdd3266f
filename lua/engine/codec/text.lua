---Whether a string is UTF-8 text, so that it travels as `str` and not as `bin`.

local M = {}

local byte, find = string.byte, string.find

-- Short strings are mostly field names that come again and again.
local KNOWN_BYTES = 64
local KNOWN_STRINGS = 1024

local known, known_count = {}, 0

---Checks the sequence that starts at `at` with a byte above 127.
---@return integer? # position after it, or nil where it is not UTF-8
local function after_sequence(text, at)
  local a, b, c, d = byte(text, at, at + 3)
  if a < 0xc2 or not b or b < 0x80 or b > 0xbf then
    return nil
  elseif a < 0xe0 then
    return at + 2
  elseif not c or c < 0x80 or c > 0xbf then
    return nil
  elseif a < 0xf0 then
    -- no overlong form, no surrogate
    if (a == 0xe0 and b < 0xa0) or (a == 0xed and b > 0x9f) then
      return nil
    end
    return at + 3
  elseif not d or d < 0x80 or d > 0xbf or a > 0xf4 then
    return nil
  elseif (a == 0xf0 and b < 0x90) or (a == 0xf4 and b > 0x8f) then
    return nil -- overlong, or beyond U+10FFFF
  end
  return at + 4
end

---@param text string
---@return boolean
function M.scan(text)
  local at = find(text, "[\128-\255]")
  while at do
    local after = after_sequence(text, at)
    if not after then
      return false
    end
    local next_byte = byte(text, after)
    if next_byte and next_byte > 127 then
      at = after
    else
      at = find(text, "[\128-\255]", after)
    end
  end
  return true
end

local scan = M.scan

---M.scan, which remembers short strings.
---@param text string
---@return boolean
function M.is_utf8(text)
  if #text > KNOWN_BYTES then
    return scan(text)
  end
  local answer = known[text]
  if answer == nil then
    if known_count >= KNOWN_STRINGS then
      known, known_count = {}, 0
    end
    answer = scan(text)
    known[text] = answer
    known_count = known_count + 1
  end
  return answer
end

return M
