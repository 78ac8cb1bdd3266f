-- A map as the search wants it: what it costs to enter each cell, row by row inside a border of
-- walls, and how far the present search has reached each cell.

local M = {}

---@class Grid
---@field width integer cells
---@field height integer cells
---@field stride integer cells from one row to the next, the border included
---@field size integer cells in all, the border included
---@field version integer of the map's content
---@field cost integer[] by cell, counted from 1: what a straight step into it costs; 0 is a wall
---@field free integer cells that are no walls
---@field least integer no cell costs less
---@field most integer no cell costs more
---@field reached number[] by cell, see search.lua
---@field base number of the latest search, see search.lua
---@field changes table<integer, Change> by the version that they lead to, see versions.lua

local WALL = -math.huge -- as reached: no way there is an improvement
local AFAR = math.huge -- as reached: any way there is

local MAX_CELLS = 2048 * 2048
local MAX_SIDE = 65535 -- coordinates travel as 16 bits

--- Whether `value` is a whole number that every VM holds exactly.
---@return boolean
function M.is_integer(value)
  return type(value) == "number" and value % 1 == 0 and math.abs(value) <= 2 ^ 53
end

--- The cell of the zero-based (x, y).
---@param grid Grid
---@return integer
function M.cell_at(grid, x, y)
  return (y + 1) * grid.stride + x + 2
end

--- The zero-based x, y of a cell.
---@param grid Grid
---@return integer, integer
function M.position_of(grid, cell)
  return (cell - 1) % grid.stride - 1, math.floor((cell - 1) / grid.stride) - 1
end

--- Changes what it costs to enter a cell; 0 makes it a wall.
---@param grid Grid
---@param cell integer
---@param cost integer 0 to 255
function M.set_cost(grid, cell, cost)
  local was = grid.cost[cell]
  grid.cost[cell] = cost
  if cost == 0 then
    grid.reached[cell] = WALL
    grid.free = grid.free - (was > 0 and 1 or 0)
    return
  elseif was == 0 then
    grid.reached[cell] = AFAR
    grid.free = grid.free + 1
  end
  grid.least = math.min(grid.least, cost)
  grid.most = math.max(grid.most, cost)
end

--- The bytes of a payload: Python's bytes, or a string.
---@return string?
function M.bytes_of(value)
  if type(value) == "table" then
    value = value.data
  end
  return type(value) == "string" and value or nil
end

--- Why `map` cannot be read, or nil.
local function fault_of(map)
  if type(map) ~= "table" then
    return ("map: expected a table, got %s"):format(type(map))
  end
  for _, field in ipairs({ "width", "height" }) do
    local value = map[field]
    if not M.is_integer(value) or value < 1 or value > MAX_SIDE then
      return ("%s: expected 1 to %d, got %s"):format(field, MAX_SIDE, tostring(value))
    end
  end
  local count, cells = map.width * map.height, M.bytes_of(map.cells)
  if count > MAX_CELLS then
    return ("width * height: %.0f cells are more than %d"):format(count, MAX_CELLS)
  elseif not cells then
    return ("cells: expected bytes, got %s"):format(type(map.cells))
  elseif #cells ~= count then
    local message = "cells: expected %d x %d = %d bytes, got %d"
    return message:format(map.width, map.height, count, #cells)
  end
end

--- Fills the grid's tables from the map's bytes.
local function fill(grid, cells)
  local cost, reached, byte = grid.cost, grid.reached, string.byte
  for cell = 1, grid.size do
    cost[cell], reached[cell] = 0, WALL
  end
  local free, least, most = 0, 255, 1
  for y = 0, grid.height - 1 do
    local row, first = y * grid.width + 1, M.cell_at(grid, 0, y)
    for x = 0, grid.width - 1 do
      local value = byte(cells, row + x)
      if value > 0 then
        cost[first + x], reached[first + x] = value, AFAR
        free, least, most = free + 1, math.min(least, value), math.max(most, value)
      end
    end
  end
  grid.free, grid.least, grid.most = free, least, most
end

--- Reads a map sent as {width, height, cells}.
---@param map table
---@param version integer of its content
---@return Grid?
---@return string? reason what is wrong with the map
function M.parse(map, version)
  local reason = fault_of(map)
  if reason then
    return nil, reason
  end
  local stride = map.width + 2
  local size = stride * (map.height + 2)
  local grid = {
    width = map.width, height = map.height, stride = stride, size = size, version = version,
    cost = table.new(size, 0), reached = table.new(size, 0), base = 0, changes = {},
  }
  fill(grid, M.bytes_of(map.cells))
  return grid
end

return M
