---Starts the engine in a fresh machine and closes the door behind it.
---
---Python calls this chunk with the host's functions and settings, and gets back the few
---functions that it may call. Only strings, numbers and booleans pass between the two.

---@class engine.Host
---@field log fun(level: string, message: string)
---@field progress fun(share: number, note: string)
---@field cancelled fun(): boolean
---@field now fun(): number
---@field module_source fun(name: string): string?, string?, string? source, chunk name, why not

local read_source, log, progress, cancelled, now, find_module, found_part, lower_memory,
  worker_id, worker_name, instance, depth, result_bytes, result_values, string_bytes,
  is_repeatable = ...

local stock_require = require
local loaded = {}

---The engine's own modules; a script has another `require`.
---@param name string such as "engine.codec"
---@return any
function require(name)
  if not name:find("^engine%.") then
    return stock_require(name)
  elseif loaded[name] == nil then
    local file = name:gsub("%.", "/") .. ".lua"
    loaded[name] = assert(load(read_source(name), "@" .. file, "t"))()
  end
  return loaded[name]
end

if is_repeatable then
  require("engine.repeatable").install(now)
end

local deadline = require("engine.guards.deadline")
local loading = require("engine.guards.loading")
local memory = require("engine.guards.memory")
local modules = require("engine.modules")
local sandbox = require("engine.sandbox")
local script = require("engine.script")
local strings = require("engine.guards.strings")
local worker = require("engine.worker")

---@type engine.Host
local host = {
  log = log,
  progress = progress,
  cancelled = cancelled,
  now = now,
  module_source = function(name)
    local is_found = find_module(name)
    local first, second = found_part(), found_part()
    lower_memory() -- the host lifted the limit, see vm.py
    if is_found then
      return first, second
    end
    return nil, nil, first
  end,
}

deadline.setup(now, is_repeatable)
strings.setup(string_bytes)
math.randomseed(worker_id * 65536 + instance)

local provided = worker.provide(host, { id = worker_id, name = worker_name, instance = instance })
provided.require = modules.new(host)
local environment = sandbox.build(provided)
loading.setup(environment)
sandbox.lock_strings(environment)

-- Nothing below is reachable from the environment; lupa itself looks at `debug` before
-- every call, which costs less when it is not there.
python = nil
package.loaded.python = nil
debug = nil

local limits = { depth = depth, bytes = result_bytes, values = result_values }
local fed, fed_name = "", ""

---Takes the bytes of the next call. A call of its own, because pushing a string from
---Python may not meet the memory limit: that would end the process.
local function feed(bytes, name)
  fed, fed_name = bytes, name
end

local function take()
  local bytes = fed
  fed = ""
  return bytes
end

local function load_script(timeout_s)
  return script.load(environment, take(), fed_name, timeout_s)
end

---Runs a task whose payload could be pushed within the memory limit.
local function run(timeout_s, payload)
  return script.run(payload, timeout_s, limits)
end

---Runs a task on fed bytes, in a machine that is short of memory.
local function run_fed(timeout_s)
  memory.tidy(string_bytes)
  return script.run(take(), timeout_s, limits)
end

return feed, load_script, run, run_fed, script.stop, memory.setup
