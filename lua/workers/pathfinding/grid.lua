-- A map as the search wants it: for every cell the moves that leave it, worked out once, so that
-- the search tests no neighbours. Cells lie in one array inside a border of walls.

local M = {}

---@class Moves
---@field offsets integer[] from a cell to the cells one step away
---@field costs number[] of those steps

---@class Grid
---@field width integer cells
---@field height integer cells
---@field stride integer cells from one row to the next, the border included
---@field size integer cells in all, the border included
---@field moves (Moves | false)[] by cell, counted from 1; false is a wall

local FREE = ("."):byte()
local DIAGONAL = math.sqrt(2) -- cost of a diagonal step
local MAX_CELLS = 2048 * 2048

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

--- Why `map` cannot be read, or nil.
local function fault_of(map)
  if type(map) ~= "table" then
    return ("map: expected a table, got %s"):format(type(map))
  end
  for _, field in ipairs({ "width", "height" }) do
    local value = map[field]
    if not M.is_integer(value) or value < 1 then
      return ("%s: expected a positive integer, got %s"):format(field, tostring(value))
    end
  end
  local count = map.width * map.height
  if count > MAX_CELLS then
    return ("width * height: %.0f cells are more than %d"):format(count, MAX_CELLS)
  elseif type(map.cells) ~= "string" then
    return ("cells: expected a string, got %s"):format(type(map.cells))
  elseif #map.cells ~= count then
    return ("cells: expected %d x %d = %d characters, got %d"):format(
      map.width, map.height, count, #map.cells)
  end
  local at = map.cells:find("[^.@]")
  if at then
    return ("cells: expected '.' or '@' at (%d, %d), got %q"):format(
      (at - 1) % map.width, math.floor((at - 1) / map.width), map.cells:sub(at, at))
  end
end

--- Which cells are free, by cell.
local function free_cells(map, stride)
  local free = {}
  for cell = 1, stride * (map.height + 2) do
    free[cell] = false
  end
  for y = 0, map.height - 1 do
    local row, first = y * map.width + 1, (y + 1) * stride + 2
    for x = 0, map.width - 1 do
      free[first + x] = map.cells:byte(row + x) == FREE
    end
  end
  return free
end

--- A function from a free cell to its moves. Cells with the same moves share one table.
local function moves_finder(free, stride)
  local shared = {}
  local steps = { -stride, 1, stride, -1, 1 - stride, 1 + stride, stride - 1, -1 - stride }

  return function(cell)
    local n, e, s, w = free[cell - stride], free[cell + 1], free[cell + stride], free[cell - 1]
    local open = {
      n, e, s, w,
      n and e and free[cell + steps[5]], s and e and free[cell + steps[6]],
      s and w and free[cell + steps[7]], n and w and free[cell + steps[8]],
    }
    local key = 0
    for i = 1, 8 do
      key = key * 2 + (open[i] and 1 or 0)
    end
    if not shared[key] then
      local offsets, costs = {}, {}
      for i = 1, 8 do
        if open[i] then
          offsets[#offsets + 1], costs[#costs + 1] = steps[i], i > 4 and DIAGONAL or 1
        end
      end
      shared[key] = { offsets = offsets, costs = costs }
    end
    return shared[key]
  end
end

--- Reads a map sent as {width, height, cells}.
---@param map table
---@return Grid | nil
---@return string | nil reason what is wrong with the map
function M.parse(map)
  local reason = fault_of(map)
  if reason then
    return nil, reason
  end
  local stride = map.width + 2
  local free = free_cells(map, stride)
  local moves_of, moves = moves_finder(free, stride), {}
  for cell = 1, #free do
    moves[cell] = free[cell] and moves_of(cell)
  end
  return { width = map.width, height = map.height, stride = stride, size = #free, moves = moves }
end

return M
