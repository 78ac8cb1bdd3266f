-- The maps that this instance keeps; those used longest ago go first.

local grids = require("pathfinding.grid")

local MAX_MAPS = 8
local MAX_CELLS = 8 * 1024 * 1024 -- of all maps together

local known = {} -- map_id -> grid
local used = {} -- map ids, the one used longest ago first

local M = {}

--- Notes that a map was used, and forgets others where there are too many.
local function touch(map_id)
  for i = #used, 1, -1 do
    if used[i] == map_id then
      table.remove(used, i)
    end
  end
  used[#used + 1] = map_id
  local cells, kept = 0, {}
  for i = #used, 1, -1 do
    cells = cells + known[used[i]].size
    if i < #used and (#kept == MAX_MAPS or cells > MAX_CELLS) then
      known[used[i]] = nil
    else
      table.insert(kept, 1, used[i])
    end
  end
  used = kept
end

--- The map of that id, or nil.
---@return Grid?
function M.find(map_id)
  local grid = known[map_id]
  if grid then
    touch(map_id)
  end
  return grid
end

--- Keeps a map, in the place of any of that id.
---@param map table {width, height, cells}
---@param version integer
---@return string? reason what is wrong with the map
function M.keep(map_id, map, version)
  local grid, reason = grids.parse(map, version)
  if not grid then
    return reason
  end
  known[map_id] = grid
  touch(map_id)
end

return M
