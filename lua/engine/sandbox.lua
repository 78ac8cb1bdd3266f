---Builds a script's environment from environment.lua.

local listing = require("engine.environment")
local platform = require("engine.platform")

local M = {}

local coroutines = require("engine.guards.coroutines")
local globals = require("engine.guards.globals")
local loading = require("engine.guards.loading")
local protect = require("engine.guards.protect")
local strings = require("engine.guards.strings")
local tables = require("engine.guards.tables")

-- What the engine provides in place of, or beside, the stock libraries.
local PROVIDED = {
  ["collectgarbage"] = globals.collectgarbage,
  ["load"] = loading.load,
  ["loadstring"] = loading.load,
  ["pcall"] = protect.pcall,
  ["rawlen"] = globals.rawlen,
  ["setmetatable"] = globals.setmetatable,
  ["unpack"] = platform.unpack,
  ["xpcall"] = protect.xpcall,
  ["os.date"] = globals.date,
}

local LIBRARIES = {
  bit = platform.name == "lua54" and require("engine.compat.bit_lua54") or {},
  coroutine = coroutines,
  string = strings,
  table = tables,
  utf8 = platform.name == "luajit" and require("engine.compat.utf8_luajit") or {},
}

local function stock(library, name)
  local from = library and _G[library] or not library and _G or nil
  return from and from[name]
end

---@param provided table<string, any> what belongs to one worker: print, require, worker, ...
---@return table environment
function M.build(provided)
  local environment = {}
  environment._G = environment
  for _, entry in ipairs(listing.PRESENT) do
    local path, only = entry[1], entry.only
    if path ~= "_G" and (only == nil or only == platform.name) then
      local library, name = path:match("^(%w+)%.(%w+)$")
      name = name or path
      local value = provided[path] or PROVIDED[path]
      if value == nil and library and LIBRARIES[library] then
        value = LIBRARIES[library][name]
      end
      if value == nil then
        value = stock(library, name)
      end
      assert(value ~= nil, "the environment lists " .. path .. ", which this machine lacks")
      local into = environment
      if library then
        environment[library] = environment[library] or {}
        into = environment[library]
      end
      into[name] = value
    end
  end
  return environment
end

---Makes the methods of strings those of the environment, and locks their metatable.
---@param environment table
function M.lock_strings(environment)
  local metatable = getmetatable("")
  metatable.__index = environment.string
  metatable.__metatable = "string"
end

return M
