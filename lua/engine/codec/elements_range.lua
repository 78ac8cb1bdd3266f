---What fits into an element of a typed array, and how to say what does not.

local platform = require("engine.platform")
local marks = require("engine.codec.marks")

local M = {}

local tostring, type = tostring, type

---Smallest and largest value by letter, for the letters of integers within 2^53.
M.LOW = { b = -128, B = 0, h = -32768, H = 0, i = -2147483648, I = 0 }
M.HIGH = { b = 127, B = 255, h = 32767, H = 65535, i = 2147483647, I = 4294967295 }

---@param value any
---@param letter string
---@return string
function M.misfit(value, letter)
  local kind = type(value)
  local what = kind == "number" and tostring(value) or "a " .. kind
  if marks.kind(value) == "integer" then
    what = tostring(value)
  elseif value == nil then
    what = "nil"
  end
  return what .. " does not fit a typed array of '" .. letter .. "'"
end

M.EXACT = platform.exact_integer

return M
