---A script's `require`: sources come from the host, each is run once in a machine.

local loading = require("engine.guards.loading")
local protect = require("engine.guards.protect")

local M = {}

local concat = table.concat
local error, find, getinfo = error, string.find, debug.getinfo
local through, sub, type = protect.through, string.sub, type

local LONGEST_NAME = 200

---The file that called require, for messages; nil where its call was a tail call.
local function caller_file()
  local source = getinfo(3, "S").source
  return sub(source, 1, 1) == "@" and not find(source, "^@engine/") and sub(source, 2) or nil
end

-- The modules being loaded, outermost first.
local chain = {} ---@type string[]

---How `name` comes to require itself, or nil where it does not.
local function circle(name)
  for place = 1, #chain do
    if chain[place] == name then
      return concat(chain, " requires ", place) .. " requires " .. name
    end
  end
end

---Runs a module's chunk; an error goes on with the traceback of its origin.
local function run(chunk, name)
  local depth = #chain + 1
  chain[depth] = name
  local ok, value = through(chunk, name)
  for place = #chain, depth, -1 do
    chain[place] = nil
  end
  if not ok then
    error(value, 0)
  end
  return value
end

---Forgets modules that a coroutine began to load and never ended.
function M.reset()
  if #chain > 0 then
    chain = {}
  end
end

---@param host engine.Host
---@return fun(name: string): any
function M.new(host)
  local done = {} ---@type table<string, any>

  return function(name)
    if type(name) ~= "string" or #name > LONGEST_NAME or not find(name, "^[%w_-]+[%w_.-]*$") then
      error('require: a module is named like "lib.util"', 2)
    elseif done[name] ~= nil then
      return done[name]
    end
    local file = caller_file() or chain[#chain] or "the script"
    local loop = circle(name)
    if loop then
      error("modules require each other in a circle: " .. loop, 2)
    end
    local source, chunk_name, unreadable = host.module_source(name)
    if not source then
      local reason = unreadable or "it is neither in the script's folder nor an engine's module"
      error("no module '" .. name .. "', required by " .. file .. ": " .. reason, 2)
    end
    local chunk, problem = loading.file(source, chunk_name)
    if not chunk then
      error(problem .. " (module '" .. name .. "', required by " .. file .. ")", 0)
    end
    local value = run(chunk, name)
    done[name] = value == nil and true or value
    return done[name]
  end
end

return M
