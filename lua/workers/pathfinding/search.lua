-- A* from a cell to a cell and, with no heuristic and no target, the distances to some cells.
--
-- Cells come out of the open list only roughly in the order of their estimates. A cell that a
-- shorter way is found to is looked at again, and the search ends once no estimate is below the
-- cost of the way found: so the way is the shortest.
--
-- `grid.reached` is never cleared: each search counts from a `base` so far below those of the
-- ones before that whatever they left is no better than "not reached".

local buckets = require("pathfinding.buckets")

local abs, floor, huge, min = math.abs, math.floor, math.huge, math.min
local into_bucket, take = buckets.push, buckets.pop

local SQRT2 = math.sqrt(2)
local WALL = -huge
-- Below it sums of costs are no longer exact to a millionth; of larger costs, to some more.
local LOWEST_BASE = -2 ^ 24
local BUCKETS_A_STEP = 2 -- for the cheapest straight step; more of them sort finer
-- Two different sums of up to 100,000 ones and sqrt(2)s differ by more than this.
local SAME = 1e-6

local parent = {} -- by cell: the next one on its way to the sources

-- Of the present search. Upvalues of the file and not of a closure made for each search:
-- LuaJIT compiles the functions below once.
local reached, stride, base, best = {}, 0, 0, huge
local least, target_x, target_y = 0, 0, 0

--- More than any shortest way of the grid costs.
local function bound_of(grid)
  return 1.5 * grid.most * (grid.free + 1)
end

local function lower_base(grid)
  local bound = bound_of(grid)
  if grid.base - bound < LOWEST_BASE * min(grid.most, 16) then
    local cost = grid.cost
    for cell = 1, grid.size do
      grid.reached[cell] = cost[cell] > 0 and huge or WALL
    end
    grid.base = 0
  end
  grid.base = grid.base - bound
end

--- The lowest cost from the target that is possible.
local function estimate(x, y)
  local dx, dy = abs(x - target_x), abs(y - target_y)
  return least * (dx + dy + (SQRT2 - 2) * min(dx, dy))
end

local function push(cell, by, cost, x, y)
  reached[cell], parent[cell] = cost, by
  local through = cost - base + estimate(x, y)
  if through < best then
    into_bucket(cell, cost, through)
  end
end

--- Reaches the neighbours of a cell; a diagonal step needs both cells beside it free.
local function expand(cell, here, step)
  local y = floor((cell - 1) / stride)
  local x = cell - 1 - y * stride
  local straight, diagonal = here + step, here + step * SQRT2
  local north, south = cell - stride, cell + stride
  local at_north, at_south, at_west, at_east =
    reached[north], reached[south], reached[cell - 1], reached[cell + 1]
  if at_north ~= WALL then
    if at_west ~= WALL and diagonal < reached[north - 1] then
      push(north - 1, cell, diagonal, x - 1, y - 1)
    end
    if at_east ~= WALL and diagonal < reached[north + 1] then
      push(north + 1, cell, diagonal, x + 1, y - 1)
    end
    if straight < at_north then
      push(north, cell, straight, x, y - 1)
    end
  end
  if at_south ~= WALL then
    if at_west ~= WALL and diagonal < reached[south - 1] then
      push(south - 1, cell, diagonal, x - 1, y + 1)
    end
    if at_east ~= WALL and diagonal < reached[south + 1] then
      push(south + 1, cell, diagonal, x + 1, y + 1)
    end
    if straight < at_south then
      push(south, cell, straight, x, y + 1)
    end
  end
  if straight < at_west then
    push(cell - 1, cell, straight, x - 1, y)
  end
  if straight < at_east then
    push(cell + 1, cell, straight, x + 1, y)
  end
end

local function begin(grid, sources, target)
  lower_base(grid)
  reached, stride, base, best = grid.reached, grid.stride, grid.base, huge
  least, target_x, target_y = 0, 0, 0
  if target then
    least, target_x, target_y = grid.least, (target - 1) % stride, floor((target - 1) / stride)
  end
  for cell = #parent + 1, grid.size do -- in their order: an array, not a hash
    parent[cell] = 0
  end
  buckets.clear(BUCKETS_A_STEP / grid.least, 2 * SQRT2 * grid.most)
  for _, cell in ipairs(sources) do
    local y = floor((cell - 1) / stride)
    local x = cell - 1 - y * stride
    buckets.begin_at(estimate(x, y))
    push(cell, cell, base, x, y)
  end
end

local M = { SQRT2 = SQRT2, parent = parent }

--- Searches from cells until `target` is reached, or everything when that is nil. A step costs
--- what it costs to enter its end on the way from there back to the sources. `parent` then
--- leads there.
---@param grid Grid
---@param sources integer[] free cells; with a target one only
---@param target integer?
---@return integer expanded cells whose neighbours were looked at
function M.run(grid, sources, target)
  begin(grid, sources, target)
  local expanded, cost = 0, grid.cost
  local cell, here = take(best)
  while cell do
    if reached[cell] == here then -- else a shorter way was found since
      if cell == target then
        best = here - base - SAME
      else
        expanded = expanded + 1
        expand(cell, here, cost[cell])
      end
    end
    cell, here = take(best)
  end
  return expanded
end

--- After `run`, a cell was reached if `grid.reached` of it is from the first number up to, but
--- without, the second; what that is above the first is what the way from it costs.
---@param grid Grid
---@return number, number
function M.range(grid)
  return grid.base, grid.base + bound_of(grid)
end

return M
