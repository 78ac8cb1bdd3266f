---What the codec remembers about a table that its plain contents cannot say.
---
---A mark lives in a weak registry beside the table, not in a metatable: a script may
---give a decoded table any metatable of its own, and ordinary tables carry nothing.

---@class engine.codec.Mark
---@field kind "array"|"map"|"bytes"|"integer"|"timestamp"|"datetime"|"typed_array"|"ext"
---@field n? integer array: its length, nils included
---@field nils? table<any, true> map: the keys whose value is nil
---@field wire? string integer: its MessagePack bytes
---@field typecode? string typed_array: letter of Python's array module
---@field shape? integer[] typed_array: its dimensions

local M = {}

---@type table<table, engine.codec.Mark>
M.of = setmetatable({}, { __mode = "k" })

-- Marks without fields of their own are shared.
M.MAP = { kind = "map" }
M.BYTES = { kind = "bytes" }
M.TIMESTAMP = { kind = "timestamp" }
M.DATETIME = { kind = "datetime" }
M.EXT = { kind = "ext" }

---The kind of a value: "map", "bytes", ..., or nil for anything without a mark.
---@param value any
---@return string?
function M.kind(value)
  if type(value) ~= "table" then
    return nil
  end
  local mark = M.of[value]
  return mark and mark.kind
end

return M
