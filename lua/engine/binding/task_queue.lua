---The global `TaskQueue` of an engine's Lua; `lua/types/task_queue.lua` documents it.
---
---Values cross as MessagePack that is made and read here. Only strings, numbers, booleans
---and nil pass to Python and back.

local arguments = require("engine.binding.arguments")
local codec = require("engine.codec")
local worker_id = require("engine.binding.worker_id")
local workers = require("engine.binding.workers")

local M = {}

local match, pairs, pcall = string.match, pairs, pcall
local setmetatable, tostring, type = setmetatable, tostring, type
local check_id, check_self = arguments.check_id, arguments.check_self
local check_string = arguments.check_string

-- A hundred levels, as in workers. The bytes only end a value that grew out of all
-- proportion: `WorkerOptions.max_payload_bytes` is checked afterwards.
local LIMITS = { depth = 100, bytes = 2 ^ 30, values = 2 ^ 31 - 1 }

-- The codec calls what it writes a result.
local function of_payload(problem)
  local rest = match(tostring(problem), "^result(.*)$")
  return rest and "payload" .. rest or tostring(problem)
end

---@param value any
---@return string? payload
---@return string? reason why there is none
local function encode(value)
  local ok, payload = pcall(codec.encode, value, LIMITS)
  codec.forget()
  if ok then
    return payload
  end
  return nil, of_payload(payload)
end

---Sending and polling.
local function add_tasks(TaskQueue, calls, out)
  function TaskQueue:sendTask(id, value)
    check_self(self, TaskQueue, "sendTask", "id, value")
    check_id(id, "sendTask")
    local payload, problem = encode(value)
    if not payload then
      calls.refuse(out(problem))
      return nil, problem
    end
    local task_id = calls.send_task(id, out(payload))
    if type(task_id) == "number" then
      return task_id
    end
    return nil, task_id
  end

  function TaskQueue:nextTaskResult(id)
    check_self(self, TaskQueue, "nextTaskResult", "id")
    check_id(id, "nextTaskResult")
    local task_id = calls.next_result(id)
    if task_id == nil then
      return nil, nil
    elseif task_id < 0 then -- an error; its text begins with its kind
      local kind, message = match(calls.result_text(), "^(%S+) (.*)$")
      return -task_id, nil, message, kind
    end
    local ok, value = pcall(codec.decode, calls.result_text(), LIMITS)
    if not ok then
      return task_id, nil, "the result cannot be read: " .. tostring(value), "BAD_RESULT"
    end
    return task_id, value
  end
end

---Counters and the echo.
local function add_the_rest(TaskQueue, calls, out)
  function TaskQueue:tasksInWork(id)
    check_self(self, TaskQueue, "tasksInWork", "id")
    check_id(id, "tasksInWork")
    return (calls.tasks_in_work(id))
  end

  function TaskQueue:tasksWaiting(id)
    check_self(self, TaskQueue, "tasksWaiting", "id")
    check_id(id, "tasksWaiting")
    return (calls.tasks_waiting(id))
  end

  function TaskQueue:tasksInProgress(id)
    check_self(self, TaskQueue, "tasksInProgress", "id")
    check_id(id, "tasksInProgress")
    return (calls.tasks_in_progress(id))
  end

  function TaskQueue:tasksReady(id)
    check_self(self, TaskQueue, "tasksReady", "id")
    check_id(id, "tasksReady")
    return (calls.tasks_ready(id))
  end

  function TaskQueue:sendEcho(text)
    check_self(self, TaskQueue, "sendEcho", "text")
    check_string(text, 1, "sendEcho")
    local problem = calls.send_echo(out(text))
    return problem == nil, problem
  end

  function TaskQueue:getEcho()
    check_self(self, TaskQueue, "getEcho", "")
    return (calls.get_echo())
  end
end

---@param calls table<string, function> of Python
---@param out fun(text: string): string the form in which a string reaches Python whole
---@return table # its metatable has `rebind`, for another queue, and `worker_id`
function M.new(calls, out)
  local TaskQueue = {}
  local ids, own_names = worker_id.new(calls, out)
  workers.add(TaskQueue, calls, out, own_names)
  add_tasks(TaskQueue, calls, out)
  add_the_rest(TaskQueue, calls, out)
  local function rebind(others)
    for name, call in pairs(others) do
      calls[name] = call
    end
  end
  return setmetatable(TaskQueue, { rebind = rebind, worker_id = ids })
end

return M
