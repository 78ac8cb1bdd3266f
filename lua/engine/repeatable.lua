---Has a machine do the same thing in each run: for the tests and replays of a game.
---
---Both machines put the keys of a table in an order that differs from run to run. Here
---`pairs` and `next` go through numbers, then strings, then booleans, each in order, and
---the time is that of the host. What is left hangs on addresses: the text of a table or a
---function, and the order among keys that are such values.

local M = {}

local date, time = os.date, os.time
local error, floor, rawget, setmetatable, type = error, math.floor, rawget, setmetatable, type
local sort = table.sort
local stock_next, stock_pairs = next, pairs

local RANK = { number = 1, string = 2, boolean = 3 }

---@return boolean # whether a key that has a rank comes before another
local function is_before(one, other)
  local kind, other_kind = type(one), type(other)
  if kind ~= other_kind then
    return RANK[kind] < RANK[other_kind]
  elseif kind == "boolean" then
    return other and not one
  end
  return one < other
end

---@param map table
---@return any[] keys in order
---@return integer ranked how many of them have an order
local function keys_of(map)
  local keys, others, ranked = {}, {}, 0
  for key in stock_next, map do
    if RANK[type(key)] then
      ranked = ranked + 1
      keys[ranked] = key
    else
      others[#others + 1] = key
    end
  end
  sort(keys, is_before)
  for place = 1, #others do
    keys[ranked + place] = others[place]
  end
  return keys, ranked
end

---The first of `keys` behind a place whose value was not cleared meanwhile.
local function entry_after(map, keys, place)
  local key, value
  repeat
    place = place + 1
    key = keys[place]
    if key ~= nil then
      value = rawget(map, key)
    end
  until key == nil or value ~= nil
  return place, key, value
end

local function first_entry(map)
  local first = stock_next(map)
  for key in stock_next, map do
    if RANK[type(key)] and (not RANK[type(first)] or is_before(key, first)) then
      first = key
    end
  end
  if first == nil then
    return nil
  end
  return first, rawget(map, first)
end

---@class engine.Order
---@field keys any[]
---@field place table<any, integer> by key

-- Of the tables that `next` is in, until it comes to their end.
local orders = setmetatable({}, { __mode = "k" }) ---@type table<table, engine.Order>

local function order_with(map, key)
  local order = orders[map]
  if order and order.place[key] then
    return order
  end
  local keys, ranked = keys_of(map)
  local place = {}
  for at = 1, #keys do
    place[keys[at]] = at
  end
  if not place[key] and RANK[type(key)] then -- cleared: go on from where it would be
    local before = 0
    while before < ranked and is_before(keys[before + 1], key) do
      before = before + 1
    end
    place[key] = before
  end
  orders[map] = { keys = keys, place = place }
  return orders[map]
end

local function check_table(value, name)
  if type(value) ~= "table" then
    error(("bad argument #1 to '%s' (table expected, got %s)"):format(name, type(value)), 3)
  end
end

local function ordered_next(map, key)
  check_table(map, "next")
  if key == nil then
    orders[map] = nil
    return first_entry(map)
  end
  local order = order_with(map, key)
  local place = order.place[key]
  if not place then
    error("invalid key to 'next'", 2)
  end
  local _, following, value = entry_after(map, order.keys, place)
  if following == nil then
    orders[map] = nil
    return nil
  end
  return following, value
end

local function ordered_pairs(map)
  check_table(map, "pairs")
  local iterate, state, first = stock_pairs(map)
  if iterate ~= stock_next then
    return iterate, state, first -- its __pairs
  end
  local keys, place = keys_of(map), 0
  return function(_, key)
    if key == nil then
      place = 0
    elseif key ~= keys[place] then
      return ordered_next(map, key)
    end
    local value
    place, key, value = entry_after(map, keys, place)
    return key, value
  end, map
end

---Before any other module of the engine looks at what this replaces.
---@param now fun(): number the host's clock, seconds
function M.install(now)
  next, pairs = ordered_next, ordered_pairs
  os.clock = now
  os.time = function(fields)
    return fields == nil and floor(now()) or time(fields)
  end
  os.date = function(format, seconds)
    return date(format, seconds or floor(now()))
  end
end

return M
