-- What a search found as compact typed arrays: a path, or a flow field.

local grids = require("pathfinding.grid")
local search = require("pathfinding.search")

local M = {}

local GOAL, NO_WAY = 8, 255 -- in place of a direction

--- The shortest path between two free cells, both ends included: x1, y1, x2, y2, ...
---@param grid Grid
---@param start integer
---@param goal integer
---@return table {version, steps, cost, expanded}; without a way no steps and no cost
function M.path(grid, start, goal)
  -- Searched from the goal, so that following the parents gives the path in walking order.
  local expanded = search.run(grid, { goal }, start)
  local from, to = search.range(grid)
  local steps, cost = {}, nil
  if grid.reached[start] >= from and grid.reached[start] < to then
    local parent, cell = search.parent, start
    cost = 0 -- summed up anew: exact, whatever the search began to count from
    steps[1], steps[2] = grids.position_of(grid, cell)
    while cell ~= goal do
      local last = cell
      cell = parent[cell]
      local x, y = grids.position_of(grid, cell)
      local is_straight = last - cell == 1 or cell - last == 1
        or last - cell == grid.stride or cell - last == grid.stride
      cost = cost + grid.cost[cell] * (is_straight and 1 or search.SQRT2)
      steps[#steps + 1], steps[#steps + 2] = x, y
    end
  end
  return {
    version = grid.version,
    steps = worker.typed_array("H", steps),
    cost = cost,
    expanded = expanded,
  }
end

--- The way to the nearest of some goals from every cell, row by row: 0 to 7 is the next step,
--- clockwise from north (y - 1); 8 is a goal; 255 has no way there. `costs` are infinite there.
---@param grid Grid
---@param goals integer[]
---@param with_costs boolean
---@return table {version, width, height, directions, costs}
function M.flow(grid, goals, with_costs)
  search.run(grid, goals, nil)
  local stride, parent, reached = grid.stride, search.parent, grid.reached
  local from, to = search.range(grid)
  local code = {
    [-stride] = 0, [1 - stride] = 1, [1] = 2, [1 + stride] = 3,
    [stride] = 4, [stride - 1] = 5, [-1] = 6, [-1 - stride] = 7, [0] = GOAL,
  }
  local count = grid.width * grid.height
  local directions, costs = table.new(count, 0), with_costs and table.new(count, 0) or nil
  local place = 0
  for y = 0, grid.height - 1 do
    local first = grids.cell_at(grid, 0, y)
    for cell = first, first + grid.width - 1 do
      place = place + 1
      local is_reached = reached[cell] >= from and reached[cell] < to
      directions[place] = is_reached and code[parent[cell] - cell] or NO_WAY
      if costs then
        costs[place] = is_reached and reached[cell] - from or math.huge
      end
    end
  end
  return {
    version = grid.version,
    width = grid.width,
    height = grid.height,
    directions = worker.typed_array("B", directions),
    costs = costs and worker.typed_array("f", costs),
  }
end

return M
