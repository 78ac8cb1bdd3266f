-- A* from a cell to a cell and, with no heuristic and no target, the flow field to a cell.
--
-- The arrays live as long as the VM and are never cleared: an entry counts only if its mark
-- was made by the present search.

local grids = require("pathfinding.grid")
local open_list = require("pathfinding.open_list")

local abs, floor, max, min = math.abs, math.floor, math.max, math.min
local DIAGONAL_EXTRA = math.sqrt(2) - 1 -- what a diagonal step costs beyond a straight one

-- Breaks ties towards the target, which spares most of an open area. Costs stay exact: two
-- different sums of up to 50,000 ones and sqrt(2)s differ by more than this share of them.
local WEIGHT = 1 + 1e-10

local cost, parent, mark = {}, {}, {} -- by cell
local opened, closed = 0, 1 -- marks of the present search

-- Of the present search. Upvalues of the file and not of a closure made for each search:
-- LuaJIT compiles the functions below once.
local stride, weight, target_column, target_row = 0, 0, 0, 0

local function begin(grid, target)
  stride, weight, target_column, target_row = grid.stride, 0, 0, 0
  if target then
    weight, target_column, target_row =
      WEIGHT, (target - 1) % stride, floor((target - 1) / stride)
  end
  opened, closed = opened + 2, closed + 2
  open_list.clear(grid.size)
  for cell = #mark + 1, grid.size do
    cost[cell], parent[cell], mark[cell] = 0, 0, 0
  end
end

--- Notes that `cell` is reached from `by` at `new_cost`, if that is news.
local function reach(cell, by, new_cost)
  local seen = mark[cell]
  if seen == closed or (seen == opened and cost[cell] <= new_cost) then
    return
  end
  cost[cell], parent[cell], mark[cell] = new_cost, by, opened
  local dx = abs((cell - 1) % stride - target_column)
  local dy = abs(floor((cell - 1) / stride) - target_row)
  local key = new_cost + weight * (max(dx, dy) + DIAGONAL_EXTRA * min(dx, dy))
  if seen == opened then
    open_list.lower(key, cell)
  else
    open_list.push(key, cell)
  end
end

--- Searches from a cell until `target` is reached, or everything when that is nil.
---@return integer expanded cells whose neighbours were looked at
local function run(grid, from, target)
  begin(grid, target)
  local moves, expanded = grid.moves, 0
  reach(from, from, 0)
  while not open_list.is_empty() do
    local cell = open_list.pop()
    mark[cell] = closed
    expanded = expanded + 1
    if cell == target then
      break
    end
    local offsets, costs, here = moves[cell].offsets, moves[cell].costs, cost[cell]
    for i = 1, #offsets do
      reach(cell + offsets[i], cell, here + costs[i])
    end
  end
  return expanded
end

local M = {}

--- The shortest path between two free cells, both ends included.
---@param grid Grid
---@param start integer
---@param goal integer
---@return table {cost, path, expanded}
function M.path(grid, start, goal)
  -- Searched from the goal, so that following the parents gives the path in walking order.
  local expanded = run(grid, goal, start)
  local path = {}
  if mark[start] ~= closed then
    return { path = path, expanded = expanded }
  end
  local cell, last = start, 0
  repeat
    path[#path + 1], path[#path + 2] = grids.position_of(grid, cell)
    last, cell = cell, parent[cell]
  until cell == last
  return { cost = cost[start], path = path, expanded = expanded }
end

--- The way to `goal` from every cell, a character each, row by row: "0" to "7" is the next
--- step, clockwise from north (y - 1); "x" is the goal; "." has no way there.
---@param grid Grid
---@param goal integer
---@return table {width, height, directions}
function M.flow(grid, goal)
  run(grid, goal, nil)
  local code = {
    [-stride] = "0", [1 - stride] = "1", [1] = "2", [1 + stride] = "3",
    [stride] = "4", [stride - 1] = "5", [-1] = "6", [-1 - stride] = "7", [0] = "x",
  }
  local directions = {}
  for y = 0, grid.height - 1 do
    local first = grids.cell_at(grid, 0, y)
    for cell = first, first + grid.width - 1 do
      directions[#directions + 1] = mark[cell] == closed and code[parent[cell] - cell] or "."
    end
  end
  return { width = grid.width, height = grid.height, directions = table.concat(directions) }
end

return M
