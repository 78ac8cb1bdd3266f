---@meta
---What `engine_tasks.lua.bind` gives to an engine's own Lua, for editors that know LuaCATS.
---Nothing loads this file. What a worker's script sees is in worker.lua.
---
---    local id = assert(TaskQueue:startWorker("Paths", "workers/paths.lua", 2))
---    TaskQueue:sendTask(id, { start = { 0, 0 }, goal = { 9, 9 } })
---
---    -- once a frame
---    local taskId, path, problem = TaskQueue:nextTaskResult(WorkerId.Paths)
---
---Values are copied, by the rules at the head of worker.lua. Wrong arguments are an error;
---what cannot be done while the game runs is nil, or false, and a message.

---What happened to a task that has no value to give.
---@alias TaskErrorKind
---| "FAILED" # the worker's script raised an error
---| "TIMEOUT" # it ran longer than it may
---| "CRASHED" # what ran it died
---| "MEMORY" # it asked for more memory than it may use
---| "CANCELLED" # the game took it back
---| "EXPIRED" # it still waited at its deadline
---| "LOST" # the machine that held it is gone
---| "BAD_PAYLOAD" # its payload does not fit the worker
---| "BAD_RESULT" # its result cannot be carried
---| "STOPPED" # the worker or the queue was stopped first

---Workers, and the engine's side of their tasks. Nothing but `startWorker` waits.
---@class TaskQueue
TaskQueue = {}

---Starts a worker whose instances run a Lua script, and makes its id `WorkerId[name]`.
---
---Waits until each instance has loaded the script, within the `start_timeout_s` of the
---options that the engine gave to `bind`, 10 seconds if it gave none. With
---`{ wait = false }` returns at once: `sendTask` then says why a script did not load.
---@param name string free, or registered and without a worker
---@param path string of the script, from the `script_folder` that the engine gave to `bind`
---@param instances? integer tasks that run at the same time; 1 by default
---@param options? { wait?: boolean }
---@return integer? id
---@return string? message why the worker could not start, with the script's file and line
function TaskQueue:startWorker(name, path, instances, options) end

---Stops a worker. Its id and name are free again at once; its results stay readable, and
---its unfinished tasks end as STOPPED.
---@param id integer
---@return boolean stopped
---@return string? message
function TaskQueue:stopWorker(id) end

---Stops every worker but the engine's own.
function TaskQueue:stopAllWorkers() end

---Sends a task.
---@param id integer
---@param value any nil, boolean, number, string, or a table of these
---@return integer? taskId
---@return string? message such as "payload.units[3].target: cannot carry a function"
function TaskQueue:sendTask(id, value) end

---Takes the next result of a worker, in the order in which its tasks finished: nothing where
---none is ready; `taskId, value` for a task that succeeded, also where its value is nil; and
---`taskId, nil, message, kind` for one that did not.
---@param id integer
---@return integer? taskId
---@return any value
---@return string? message
---@return TaskErrorKind? kind
function TaskQueue:nextTaskResult(id) end

---Tasks sent whose results were not taken yet; nil for an id without a worker.
---@param id integer
---@return integer? count
function TaskQueue:tasksInWork(id) end

---Tasks that no instance has taken yet; nil for an id without a worker.
---@param id integer
---@return integer? count
function TaskQueue:tasksWaiting(id) end

---Tasks that an instance works on; nil for an id without a worker.
---@param id integer
---@return integer? count
function TaskQueue:tasksInProgress(id) end

---Results that wait to be taken; nil for an id without a worker.
---@param id integer
---@return integer? count
function TaskQueue:tasksReady(id) end

---Sends a text to the echo worker.
---@param text string UTF-8
---@return boolean sent
---@return string? message
function TaskQueue:sendEcho(text) end

---The next text that came back from the echo worker.
---@return string? text nil where none has
function TaskQueue:getEcho() end

---Ids of workers by name: every name that is registered, here or by the engine, is a field.
---An unknown name is nil. Read-only.
---@class WorkerId
---@field Echo integer the worker that sends back what it gets
---@field EngineWorkersCount integer where the ids of a game begin
---@field [string] integer?
WorkerId = {}

---Gives a name the next free id, for `startWorker` or for the engine. A name that is taken
---is an error.
---@param name string
---@return integer id
function WorkerId.Register(name) end
