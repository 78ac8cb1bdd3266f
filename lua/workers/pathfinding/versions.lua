-- Brings a grid to the version of its map that a request is for: forward by the changes that
-- the request brings along, back by those that were kept. So tasks may arrive in any order, and
-- each is answered for the map as it was when it was asked.

local grids = require("pathfinding.grid")

local M = {}

local MAX_KEPT = 256 -- changes of a map that an instance keeps to go back by

---@class Change from one version of a map to the next
---@field cells integer[]
---@field costs integer[]
---@field was integer[]? what the cells cost before, once the change was made

--- Reads the changes that a request brings along: {after, counts, cells, costs}, for each
--- version after `after` how many cells it changes, the cells as y * width + x, what they cost.
---@return string? reason what is wrong with them
local function keep(grid, edits)
  local place = 0
  for index, count in ipairs(edits.counts) do
    local version = edits.after + index
    local change = { cells = {}, costs = {} }
    for i = 1, count do
      local at, cost = edits.cells[place + i], edits.costs[place + i]
      if type(at) ~= "number" or at < 0 or at >= grid.width * grid.height or not cost then
        return ("edits: no cell %s on the map of %d x %d"):format(
          tostring(at), grid.width, grid.height)
      end
      local y = math.floor(at / grid.width)
      change.cells[i], change.costs[i] = grids.cell_at(grid, at - y * grid.width, y), cost
    end
    place = place + count
    grid.changes[version] = grid.changes[version] or change
    grid.changes[version - MAX_KEPT] = nil
  end
end

local function make(grid, change)
  change.was = {}
  for i, cell in ipairs(change.cells) do
    change.was[i] = grid.cost[cell]
    grids.set_cost(grid, cell, change.costs[i])
  end
end

local function unmake(grid, change)
  for i = #change.cells, 1, -1 do -- backwards: a cell may be there twice
    grids.set_cost(grid, change.cells[i], change.was[i])
  end
end

--- Brings the grid to a version.
---@param grid Grid
---@param version integer
---@param edits table? that came with the request
---@return boolean there false: changes are missing
---@return string? reason what is wrong with the edits
function M.bring_to(grid, version, edits)
  if grid.version == version then
    return true
  end
  local reason = edits and keep(grid, edits)
  if reason then
    return false, reason
  end
  local changes = grid.changes
  while grid.version < version and changes[grid.version + 1] do
    make(grid, changes[grid.version + 1])
    grid.version = grid.version + 1
  end
  while grid.version > version and (changes[grid.version] or {}).was do
    unmake(grid, changes[grid.version])
    grid.version = grid.version - 1
  end
  return grid.version == version
end

return M
