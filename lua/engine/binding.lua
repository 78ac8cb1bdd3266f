---Gives an engine's own Lua the globals `TaskQueue` and `WorkerId`: what
---`engine_tasks.lua.bind` runs.
---
---Python passes what the globals call and what compiles a module of the engine's, and gets
---back `sample`, by which it finds out how strings reach it whole, and `finish`. The globals
---of the machine are left as they are: the engine's modules have a `require` of their own.

local calls, compile = ...

local getmetatable, pcall, rawget, rawset, type = getmetatable, pcall, rawget, rawset, type
local find = string.find
local stock_require = require

-- Read past any metatable: games often make an undeclared global an error.
local function stock(name)
  return rawget(_G, name)
end

---Which of the codec's variants this machine can run.
local function platform_name()
  if type(stock("jit")) == "table" and stock("require") then
    -- taken away where an engine does not trust its scripts; LuaJIT 2.0 has no table.new
    local has_all = true
    for _, name in ipairs({ "ffi", "bit", "table.new", "table.clear" }) do
      has_all = has_all and pcall(stock_require, name)
    end
    if has_all then
      return "luajit"
    end
  elseif string.pack and math.type and table.move and stock("rawlen") then
    return "lua54"
  end
  return "lua51"
end

local PLATFORM = platform_name()
local jit = PLATFORM == "luajit" and stock("jit") or nil
local rawlen = stock("rawlen") or function(list)
  return #list -- Lua 5.1 and LuaJIT have no __len of tables
end

local loaded = {}

---@param name string such as "engine.codec", or a library of the machine's
---@return any
local function load_module(name)
  if not find(name, "^engine%.") then
    return stock_require(name)
  elseif loaded[name] == nil then
    loaded[name] = compile(name)(load_module, jit, rawlen, stock("unpack"))
    if name == "engine.platform" then
      loaded[name].name = PLATFORM
    end
  end
  return loaded[name]
end

---@param form integer
---@return string
local function sample(form)
  return load_module("engine.binding.forms").sample(form)
end

---Sets the globals. Those of an earlier binding stay the same tables, which scripts may have
---in locals, and speak to the new queue.
---@param form integer
---@param settle fun()? to call after every call, where the machine's memory is limited
local function finish(form, settle)
  if settle then
    for name, call in pairs(calls) do
      calls[name] = function(...)
        local value = call(...)
        settle()
        return value
      end
    end
  end
  local bound = stock("TaskQueue")
  local meta = type(bound) == "table" and getmetatable(bound)
  if type(meta) ~= "table" or type(meta.rebind) ~= "function" then
    local out = load_module("engine.binding.forms").all[form]
    bound = load_module("engine.binding.task_queue").new(calls, out)
    meta = getmetatable(bound)
  end
  meta.rebind(calls)
  rawset(_G, "TaskQueue", bound)
  rawset(_G, "WorkerId", meta.worker_id)
end

return sample, finish
