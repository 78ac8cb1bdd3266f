---Starting and stopping workers: a part of the global `TaskQueue`.

local arguments = require("engine.binding.arguments")

local M = {}

local error, type = error, type
local check_id, check_self = arguments.check_id, arguments.check_self
local check_string = arguments.check_string

---@param TaskQueue table
---@param calls table<string, function> of Python
---@param out fun(text: string): string
---@param own_names table<string, any> what no worker can be named
function M.add(TaskQueue, calls, out, own_names)
  function TaskQueue:startWorker(name, path, instances, options)
    check_self(self, TaskQueue, "startWorker", "name, path, instances, options")
    check_string(name, 1, "startWorker")
    check_string(path, 2, "startWorker")
    arguments.check_instances(instances, "startWorker")
    local wait = arguments.check_options(options, "startWorker")
    if own_names[name] ~= nil then
      error("bad argument #1 to 'startWorker' (WorkerId." .. name .. " is taken)", 2)
    end
    local id = calls.start_worker(out(name), out(path), instances or 1, wait)
    if type(id) == "number" then
      return id
    elseif id == false then
      error("bad argument #1 to 'startWorker' (" .. calls.misuse() .. ")", 2)
    end
    return nil, id
  end

  function TaskQueue:stopWorker(id)
    check_self(self, TaskQueue, "stopWorker", "id")
    check_id(id, "stopWorker")
    local problem = calls.stop_worker(id)
    return problem == nil, problem
  end

  function TaskQueue:stopAllWorkers()
    check_self(self, TaskQueue, "stopAllWorkers", "")
    calls.stop_all_workers()
  end
end

return M
