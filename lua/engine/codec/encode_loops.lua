---The loops over tables that are written, to be compiled apart for short and long ones (see
---platform.recompiled). They read tables with `next` and `rawget` alone.

local platform = require("engine.platform")

local M = {}

---@class engine.codec.Loops
---@field count_in_order fun(value: table): integer? n where the keys are 1 to n in order
---@field measure fun(value: table): integer, integer? entries; largest key of whole positive ones
---@field elements fun(list: table, depth: integer)
---@field places fun(list: table, count: integer, depth: integer)
---@field entries fun(map: table, depth: integer): integer how many it wrote

-- Without upvalues, so that it can be compiled again.
local function make(put_value, put_key, next, rawget, type)
  local loops = {}

  function loops.count_in_order(value)
    local count = 0
    for key in next, value do
      count = count + 1
      if key ~= count then
        return nil
      end
    end
    return count
  end

  function loops.measure(value)
    local count, largest, is_list = 0, 0, true
    for key in next, value do
      count = count + 1
      if type(key) ~= "number" or key < 1 or key % 1 ~= 0 then
        is_list = false
      elseif key > largest then
        largest = key
      end
    end
    return count, is_list and largest or nil
  end

  function loops.elements(list, depth)
    for place, element in next, list do
      put_value(element, depth, place)
    end
  end

  function loops.places(list, count, depth)
    for place = 1, count do
      put_value(rawget(list, place), depth, place)
    end
  end

  function loops.entries(map, depth)
    local count = 0
    for key, value in next, map do
      count = count + 1
      put_key(key, depth - 1)
      put_value(value, depth, key)
    end
    return count
  end

  return loops
end

---Loops of their own.
---@param put_value fun(value: any, depth: integer, key: any)
---@param put_key fun(key: any, depth: integer)
---@return engine.codec.Loops
function M.new(put_value, put_key)
  return platform.recompiled(make)(put_value, put_key, next, rawget, type)
end

return M
