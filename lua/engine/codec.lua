---Between MessagePack bytes and Lua values: what the rest of the engine calls.

local decode = require("engine.codec.decode")
local encode = require("engine.codec.encode")

local M = {}

---@class engine.codec.Limits
---@field depth integer levels of nesting, both ways
---@field bytes integer of an encoded result
---@field values integer that a result holds, keys among them

---@param text string one MessagePack value
---@param limits engine.codec.Limits
---@return any # throws a string that says what is malformed and where
function M.decode(text, limits)
  return decode.decode(text, limits)
end

---@param value any
---@param limits engine.codec.Limits
---@return string # throws a string that begins with the path to what cannot be carried
function M.encode(value, limits)
  return encode.encode(value, limits)
end

---Lets go of what the last encode looked at; call it after an error too.
M.forget = encode.forget

return M
