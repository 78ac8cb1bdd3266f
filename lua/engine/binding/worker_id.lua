---The global `WorkerId` of an engine's Lua: ids by name, read-only.

local M = {}

local error, setmetatable, type = error, setmetatable, type

---@param calls table<string, function> of Python
---@param out fun(text: string): string
---@return table
---@return table<string, any> own what no worker can be named
function M.new(calls, out)
  local own = { Echo = 0, EngineWorkersCount = 1 }

  function own.Register(name)
    if type(name) ~= "string" then
      error("WorkerId.Register(name), with a dot, takes a string, not a " .. type(name), 2)
    elseif own[name] ~= nil then
      error("WorkerId.Register: WorkerId." .. name .. " is taken", 2)
    end
    return calls.register(out(name)) or error("WorkerId.Register: " .. calls.misuse(), 2)
  end

  return setmetatable({}, {
    __index = function(_, name)
      local found = own[name]
      if found ~= nil or type(name) ~= "string" then
        return found
      end
      return calls.find_id(out(name))
    end,
    __newindex = function()
      error("WorkerId is read-only; WorkerId.Register(name) adds a name", 2)
    end,
    __metatable = "WorkerId",
  }), own
end

return M
