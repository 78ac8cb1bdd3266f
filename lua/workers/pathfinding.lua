-- Finds paths on grid maps: A* for one path, a flow field for many walkers to one goal.
--
-- Cells are {x, y}, zero-based, x to the right and y down. A step goes to one of the eight
-- neighbours and costs 1 or sqrt(2); a diagonal step needs both cells beside it free.
--
-- A request is a table with `op`:
--   {op = "load_map", map_id, width, height, cells}  ->  {map_id}
--   {op = "path", map_id, start, goal}  ->  {cost, path = {x1, y1, x2, y2, ...}, expanded}
--   {op = "flow", map_id, goal}  ->  {width, height, directions}
-- A goal out of reach has an empty path and no cost. `directions` has a character a cell, see
-- search.flow. `cells` has width * height characters, row by row: "." free, "@" a wall.
--
-- Each instance of this worker keeps maps of its own. One that does not know `map_id` (it has
-- just been started, or the map was pushed out by newer ones) answers {need_map = map_id}:
-- send the request again with `map = {width, height, cells}` in it.

local grids = require("pathfinding.grid")
local search = require("pathfinding.search")

local MAX_MAPS = 8 -- kept by an instance; the one loaded first goes first

local known = {} -- map_id -> grid
local load_order = {} -- map ids, oldest first

--- Fails the request with a message for whoever sent it, not for whoever reads this file.
local function refuse(message, ...)
  error(message:format(...), 0)
end

local function forget(map_id)
  known[map_id] = nil
  for i = 1, #load_order do
    if load_order[i] == map_id then
      table.remove(load_order, i)
      return
    end
  end
end

local function learn(map_id, map)
  local grid, reason = grids.parse(map)
  if not grid then
    refuse("%s", reason)
  end
  forget(map_id)
  if #load_order == MAX_MAPS then
    forget(load_order[1])
  end
  known[map_id] = grid
  load_order[#load_order + 1] = map_id
end

local function map_id_of(request)
  local map_id = request.map_id
  if type(map_id) ~= "string" and type(map_id) ~= "number" then
    refuse("map_id: expected a string or a number, got %s", type(map_id))
  end
  return map_id
end

--- The grid cell that `request[field]` names.
local function cell_of(grid, request, field)
  local point = request[field]
  local x, y
  if type(point) == "table" then
    x, y = point[1], point[2]
  end
  if not (grids.is_integer(x) and grids.is_integer(y)) then
    refuse("%s: expected two integers {x, y}", field)
  elseif x < 0 or y < 0 or x >= grid.width or y >= grid.height then
    refuse("%s: (%d, %d) is outside the map of %d x %d", field, x, y, grid.width, grid.height)
  end
  local cell = grids.cell_at(grid, x, y)
  if not grid.moves[cell] then
    refuse("%s: (%d, %d) is a wall", field, x, y)
  end
  return cell
end

local answer = {
  path = function(grid, request)
    return search.path(grid, cell_of(grid, request, "start"), cell_of(grid, request, "goal"))
  end,
  flow = function(grid, request)
    return search.flow(grid, cell_of(grid, request, "goal"))
  end,
}

local M = {}

--- Answers one request.
---@param request table
---@return table
function M.run(request)
  if type(request) ~= "table" then
    refuse("request: expected a table, got %s", type(request))
  end
  local op, map_id = request.op, map_id_of(request)
  if op == "load_map" then
    learn(map_id, request)
    return { map_id = map_id }
  elseif not answer[op] then
    refuse("op: expected load_map, path or flow, got %s", tostring(op))
  end
  if request.map ~= nil then
    learn(map_id, request.map)
  elseif not known[map_id] then
    return { need_map = map_id }
  end
  return answer[op](known[map_id], request)
end

return M
