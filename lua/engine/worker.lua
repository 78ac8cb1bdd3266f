---The table `worker` of a script, `print`, and `WorkerFunction`.

local boxes = require("engine.codec.boxes")
local marks = require("engine.codec.marks")
local platform = require("engine.platform")
local timestamps = require("engine.codec.timestamps")
local typed_arrays = require("engine.codec.typed_arrays")
local wide = require("engine.codec.wide")

local M = {}

local concat, error, format = table.concat, error, string.format
local select, sub, tostring, type = select, string.sub, tostring, type
local unpack = platform.unpack

-- A log line or a progress note is cut here: it is for people to read.
local LONGEST_LINE = 8192
local LEVELS = { debug = true, info = true, warning = true, error = true }

local function check(value, expected, place, name)
  if type(value) ~= expected then
    local problem = "bad argument #%d to '%s' (%s expected, got %s)"
    error(format(problem, place, name, expected, type(value)), 3)
  end
  return value
end

---A line for people out of any value; `tostring` may run the script's own code.
local function line(value)
  local text = tostring(value)
  return type(text) == "string" and sub(text, 1, LONGEST_LINE) or "?"
end

---@param host engine.Host
local function print_to(host)
  return function(...)
    local out = {}
    for place = 1, select("#", ...) do
      out[place] = line((select(place, ...)))
    end
    host.log("info", sub(concat(out, "\t"), 1, LONGEST_LINE))
  end
end

---What a script says to its surroundings.
local function add_messages(worker, host)
  function worker.log(level, message)
    if not LEVELS[level] then
      error("worker.log: the level is debug, info, warning or error", 2)
    end
    host.log(level, line(message))
  end

  function worker.progress(share, note)
    if check(share, "number", 1, "progress") - share ~= 0 then
      error("worker.progress: the share is a finite number", 2)
    end
    host.progress(share, note == nil and "" or line(note))
  end

  function worker.cancelled()
    return host.cancelled()
  end

  function worker.now()
    return host.now()
  end
end

local function make_integer(value)
  local text = type(value) == "number" and format("%.0f", value) or tostring(value)
  if type(value) == "number" and value % 1 ~= 0 then
    text = tostring(value)
  end
  local wire, reason = wide.wire(text)
  if not wire then
    error("worker.int: " .. text .. " is " .. reason, 2)
  end
  return boxes.from_wire(wire)
end

---Makers of the values that Lua has no type for.
local function add_values(worker)
  worker.int = make_integer

  function worker.bytes(data)
    return boxes.bytes(check(data, "string", 1, "bytes"))
  end

  function worker.array(list, count)
    check(list, "table", 1, "array")
    count = count or platform.raw_length(list)
    if check(count, "number", 2, "array") < 0 or count % 1 ~= 0 or count > 4294967295 then
      error("worker.array: the length is a whole number", 2)
    end
    marks.of[list] = { kind = "array", n = count }
    return list
  end

  function worker.map(map)
    marks.of[check(map, "table", 1, "map")] = marks.MAP
    return map
  end

  function worker.timestamp(seconds, nanoseconds)
    return timestamps.make(seconds, nanoseconds or 0)
  end

  function worker.datetime(iso)
    local value = { iso = check(iso, "string", 1, "datetime") }
    marks.of[value] = marks.DATETIME
    return value
  end

  function worker.typed_array(typecode, list, shape)
    check(list, "table", 2, "typed_array")
    local made, reason = typed_arrays.make(typecode, list, shape)
    if not made then
      error("worker.typed_array: " .. reason, 2)
    end
    return made
  end

  function worker.shape(list)
    local mark = type(list) == "table" and marks.of[list]
    if not mark or not mark.shape then
      return nil
    elseif #mark.shape < 2 then
      return platform.raw_length(list)
    end
    return unpack(mark.shape)
  end
end

---@param host engine.Host
---@param identity { id: integer, name: string, instance: integer }
---@return table<string, any> # for sandbox.build
function M.provide(host, identity)
  local worker = { id = identity.id, name = identity.name, instance = identity.instance }
  add_messages(worker, host)
  add_values(worker)
  return {
    ["print"] = print_to(host),
    ["worker"] = worker,
    ["WorkerFunction.Create"] = function(run)
      return { run = check(run, "function", 1, "WorkerFunction.Create") }
    end,
  }
end

return M
