-- A* from a cell to a cell and, with no heuristic and no target, the distances to some cells.
--
-- The open list is an array of buckets of cells whose estimate is alike, each a stack. Within a
-- bucket cells come in no order; a cell that a shorter way is found to is looked at again, and
-- the search ends once no estimate is below the cost of the way found: so the way is the
-- shortest all the same, and the heap that most of the time went into is gone.
--
-- `grid.reached` is never cleared: each search counts from a `base` so far below those of the
-- ones before that whatever they left is no better than "not reached".

local abs, floor, huge = math.abs, math.floor, math.huge
local max, min = math.max, math.min
local band = bit.band

local SQRT2 = math.sqrt(2)
local WALL = -huge
-- Below it sums of costs are no longer exact to a millionth; of larger costs, to some more.
local LOWEST_BASE = -2 ^ 24
local BUCKETS_A_STEP = 2 -- for the cheapest straight step; more of them sort finer
-- Two different sums of up to 100,000 ones and sqrt(2)s differ by more than this.
local SAME = 1e-6

local parent = {} -- by cell: the next one on its way to the sources

-- Entries of the buckets: a cell as it was reached, and the entry below it in its stack.
local head, entry_cell, entry_reached, entry_below = {}, {}, {}, {}
local entries, queued = 0, 0

-- Of the present search. Upvalues of the file and not of a closure made for each search:
-- LuaJIT compiles the functions below once.
local reached, stride, base = {}, 0, 0
local scale, mask, lowest, best = 0, 0, huge, huge -- lowest: the bucket that is emptied now
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
    -- Rounding may put it a hair below its parent, into a bucket that was left behind.
    local bucket, entry = band(max(floor(through * scale), lowest), mask), entries + 1
    entries, queued = entry, queued + 1
    entry_cell[entry], entry_reached[entry], entry_below[entry] = cell, cost, head[bucket]
    head[bucket] = entry
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

local function begin(grid, target)
  lower_base(grid)
  reached, stride, base = grid.reached, grid.stride, grid.base
  least, target_x, target_y = 0, 0, 0
  if target then
    least, target_x, target_y =
      grid.least, (target - 1) % stride, floor((target - 1) / stride)
  end
  for cell = #parent + 1, grid.size do -- in their order: an array, not a hash
    parent[cell] = 0
  end
  scale, best, entries, queued = BUCKETS_A_STEP / grid.least, huge, 0, 0
  -- A step raises the estimate by less than this many buckets: a ring of as many is enough.
  local needed, buckets = 2 * SQRT2 * grid.most * scale + 2, 2
  while buckets < needed do
    buckets = buckets * 2
  end
  mask = buckets - 1
  for bucket = 0, mask do
    head[bucket] = 0
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
  begin(grid, target)
  local expanded, cost = 0, grid.cost
  for _, cell in ipairs(sources) do
    local y = floor((cell - 1) / stride)
    local x = cell - 1 - y * stride
    lowest = floor(estimate(x, y) * scale)
    push(cell, cell, base, x, y)
  end
  while queued > 0 do
    local bucket = band(lowest, mask)
    local entry = head[bucket]
    if entry == 0 then
      lowest = lowest + 1
      if lowest >= best * scale then
        break
      end
    else
      head[bucket] = entry_below[entry]
      queued = queued - 1
      local cell, here = entry_cell[entry], entry_reached[entry]
      if reached[cell] == here then -- else a shorter way was found since
        if cell == target then
          best = here - base - SAME
        else
          expanded = expanded + 1
          expand(cell, here, cost[cell])
        end
      end
    end
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
