-- Finds paths on grid maps: A* for one path, a flow field for many walkers to some goals.
--
-- Cells are {x, y}, zero-based, x to the right and y down. A step goes to one of the eight
-- neighbours and costs what its end costs, a diagonal one sqrt(2) times as much; a diagonal step
-- needs both cells beside it free.
--
-- A request is a table with `op`:
--   {op = "load_map", map_id, version, map}  ->  {version}
--   {op = "path", map_id, version, start, goal}  ->  {version, cost, steps, expanded}
--   {op = "flow", map_id, version, goals, with_costs}
--     ->  {version, width, height, directions, costs}
-- `goals` are x1, y1, x2, y2, ...; the arrays of answers are described in answers.lua.
--
-- Each instance of this worker keeps maps of its own, so any request may bring along
--   map = {width, height, cells}: the map in that version; `cells` has a byte a cell, row by
--     row: what it costs to enter, 0 for a wall;
--   edits = {after, counts, cells, costs}: the changes since version `after`, see versions.lua.
-- An instance that cannot bring its map to `version` (it has just been started, or the map was
-- pushed out by others) answers {need_map = map_id, have = the version that it has}: send the
-- request again with what it lacks. Without `version` a request is for the map as it is there.

local answers = require("pathfinding.answers")
local grids = require("pathfinding.grid")
local maps = require("pathfinding.maps")
local versions = require("pathfinding.versions")

--- Fails the request with a message for whoever sent it, not for whoever reads this file.
local function refuse(message, ...)
  error(message:format(...), 0)
end

local function map_id_of(request)
  local map_id = request.map_id
  if type(map_id) ~= "string" and type(map_id) ~= "number" then
    refuse("map_id: expected a string or a number, got %s", type(map_id))
  end
  return map_id
end

--- The map in the version that the request is for, or nil.
local function grid_for(map_id, request)
  local version = request.version
  if version ~= nil and not grids.is_integer(version) then
    refuse("version: expected an integer, got %s", tostring(version))
  end
  local grid = maps.find(map_id)
  if request.map ~= nil and not (grid and grid.version == version) then
    local reason = maps.keep(map_id, request.map, version or 0)
    if reason then
      refuse("%s", reason)
    end
    grid = maps.find(map_id)
  end
  if not grid then
    return nil
  end
  local there, reason = versions.bring_to(grid, version or grid.version, request.edits)
  if reason then
    refuse("%s", reason)
  end
  return there and grid or nil
end

--- The free cell at (x, y).
local function cell_of(grid, x, y, field)
  if not (grids.is_integer(x) and grids.is_integer(y)) then
    refuse("%s: expected two integers {x, y}", field)
  elseif x < 0 or y < 0 or x >= grid.width or y >= grid.height then
    refuse("%s: (%d, %d) is outside the map of %d x %d", field, x, y, grid.width, grid.height)
  end
  local cell = grids.cell_at(grid, x, y)
  if grid.cost[cell] == 0 then
    refuse("%s: (%d, %d) is a wall", field, x, y)
  end
  return cell
end

local function point_of(grid, request, field)
  local point = request[field]
  if type(point) ~= "table" then
    refuse("%s: expected two integers {x, y}", field)
  end
  return cell_of(grid, point[1], point[2], field)
end

local answer = {
  load_map = function(grid)
    return { version = grid.version }
  end,
  path = function(grid, request)
    return answers.path(grid, point_of(grid, request, "start"), point_of(grid, request, "goal"))
  end,
  flow = function(grid, request)
    local goals, cells = request.goals, {}
    if type(goals) ~= "table" or #goals < 2 then
      refuse("goals: expected integers x1, y1, x2, y2, ...")
    end
    for i = 1, #goals, 2 do
      cells[#cells + 1] = cell_of(grid, goals[i], goals[i + 1], "goals")
    end
    return answers.flow(grid, cells, request.with_costs == true)
  end,
}

local M = {}

--- Answers one request.
---@param request table
---@return table
function M.run(request)
  if type(request) ~= "table" then
    refuse("request: expected a table, got %s", type(request))
  elseif not answer[request.op] then
    refuse("op: expected load_map, path or flow, got %s", tostring(request.op))
  end
  local map_id = map_id_of(request)
  local grid = grid_for(map_id, request)
  if not grid then
    local present = maps.find(map_id)
    return { need_map = map_id, have = present and present.version }
  end
  return answer[request.op](grid, request)
end

return M
