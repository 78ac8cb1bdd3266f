---Table functions that no metatable can keep in C for ever, and those of LuaJIT and 5.4
---on both machines.

local check_deadline = require("engine.guards.deadline").check
local depth = require("engine.guards.depth")
local platform = require("engine.platform")

local M = {}

local error, select, type = error, select, type
local max, min = math.max, math.min
local insert, move, remove, sort = table.insert, table.move, table.remove, table.sort
local new_table = platform.new_table
local raw_metatable = debug.getmetatable

-- Elements that are moved in one go, 0.1 ms; between two goes the deadline can end it.
local MOVED_AT_ONCE = 10000
local MOST_PLACES = 16777216

M.clear = platform.clear_table
M.unpack = platform.unpack

function M.pack(...)
  return { n = select("#", ...), ... }
end

---@param places integer
---@param fields integer
function M.new(places, fields)
  if type(places) ~= "number" or type(fields) ~= "number" then
    error("table.new: expected two sizes", 2)
  elseif places > MOST_PLACES or fields > MOST_PLACES then
    error("table.new: at most " .. MOST_PLACES .. " places", 2)
  end
  return new_table(places, fields)
end

local function move_forwards(from, first, last, to, into)
  for start = first, last, MOVED_AT_ONCE do
    check_deadline()
    move(from, start, min(start + MOVED_AT_ONCE - 1, last), to + start - first, into)
  end
end

local function move_backwards(from, first, last, to, into)
  for stop = last, first, -MOVED_AT_ONCE do
    check_deadline()
    local start = max(stop - MOVED_AT_ONCE + 1, first)
    move(from, start, stop, to + start - first, into)
  end
end

function M.move(from, first, last, to, into)
  if type(first) ~= "number" or type(last) ~= "number" or type(to) ~= "number" then
    return move(from, first, last, to, into) -- for its own error message
  elseif last - first < MOVED_AT_ONCE then
    return move(from, first, last, to, into or from)
  end
  into = into or from
  if to > last or to <= first or into ~= from then
    move_forwards(from, first, last, to, into)
  else
    move_backwards(from, first, last, to, into)
  end
  return into
end

function M.sort(list, comes_before)
  return depth.call(sort, list, comes_before)
end

if platform.name == "luajit" then
  return M
end

M.sort = nil -- Lua 5.4 counts nested calls of C functions by itself

---With a metatable the stock function loops in C up to what __len says, so that goes
---through Lua, where the deadline can end it.
function M.insert(list, ...)
  if type(list) ~= "table" or raw_metatable(list) == nil or select("#", ...) ~= 2 then
    return insert(list, ...)
  end
  local place, value = ...
  local length = #list
  if type(place) ~= "number" or place % 1 ~= 0 or place < 1 or place > length + 1 then
    error("bad argument #2 to 'insert' (position out of bounds)", 2) -- % sorts NaN out
  end
  for index = length, place, -1 do
    list[index + 1] = list[index]
  end
  list[place] = value
end

---See insert.
function M.remove(list, ...)
  if type(list) ~= "table" or raw_metatable(list) == nil or select("#", ...) == 0 then
    return remove(list, ...)
  end
  local length, place = #list, ...
  local is_whole = type(place) == "number" and place % 1 == 0
  if not is_whole or (place ~= length and (place < 1 or place > length + 1)) then
    error("bad argument #2 to 'remove' (position out of bounds)", 2)
  end
  local value = list[place]
  for index = place, length - 1 do
    list[index] = list[index + 1]
  end
  list[max(place, length)] = nil
  return value
end

return M
