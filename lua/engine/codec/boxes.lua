---Values that Lua has no type for: an integer beyond its exact range, and bytes.
---
---Both are tables with a locked metatable. What makes one genuine is its mark, which a
---script cannot reach, so a look-alike is only a table.

local marks = require("engine.codec.marks")
local wide = require("engine.codec.wide")

local M = {}

local marked = marks.of
local byte, len, sub = string.byte, string.len, string.sub

local function digits(box)
  return wide.digits(marked[box].wire)
end

local function refuse_arithmetic(left, right)
  local box = marks.kind(left) == "integer" and left or right
  error(
    "the integer "
      .. digits(box)
      .. " is beyond what a Lua number holds exactly, so no arithmetic on it; "
      .. "tonumber(tostring(value)) gives the nearest float",
    2
  )
end

local function text_of(value)
  local kind = marks.kind(value)
  if kind == "integer" then
    return digits(value)
  elseif kind == "bytes" then
    return value.data
  end
  return tostring(value)
end

local function concat(left, right)
  return text_of(left) .. text_of(right)
end

local INTEGER = {
  __metatable = "integer",
  __tostring = digits,
  __concat = concat,
  __eq = function(left, right)
    local a, b = marked[left], marked[right]
    return a ~= nil and b ~= nil and a.wire ~= nil and a.wire == b.wire
  end,
}
for _, event in ipairs({ "add", "sub", "mul", "div", "mod", "pow", "unm", "idiv", "lt", "le" }) do
  INTEGER["__" .. event] = refuse_arithmetic
end

local BYTES = {
  __metatable = "bytes",
  __concat = concat,
  __index = {
    len = function(self)
      return len(self.data)
    end,
    sub = function(self, first, last)
      return sub(self.data, first, last or -1)
    end,
    byte = function(self, first, last)
      first = first or 1
      return byte(self.data, first, last or first)
    end,
  },
  __len = function(self)
    return len(self.data)
  end,
  __tostring = function(self)
    return self.data
  end,
  __eq = function(left, right)
    return marks.kind(left) == "bytes" and marks.kind(right) == "bytes" and left.data == right.data
  end,
}

---An opaque integer from its nine MessagePack bytes (tag 0xCF or 0xD3).
---@param wire string
---@return table
function M.integer(wire)
  local box = setmetatable({}, INTEGER)
  marked[box] = { kind = "integer", wire = wire }
  return box
end

---The number that Lua has for nine MessagePack bytes, or an opaque integer.
---@param wire string
---@return integer|table
function M.from_wire(wire)
  local value = wide.number(wire)
  return value or M.integer(wire)
end

---A bytes object: `.data` is the Lua string, `:len()`, `:sub()` and `:byte()` read it.
---@param data string
---@return table
function M.bytes(data)
  local box = setmetatable({ data = data }, BYTES)
  marked[box] = marks.BYTES
  return box
end

return M
