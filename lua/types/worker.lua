---@meta
---What the engine gives to a worker's script, for editors that know LuaCATS. A script
---does not load this file. What else is there: docs/lua_environment.md.
---
---A worker is a script that sets a global `Run`:
---
---    function Run(payload)
---      return { path = find_path(payload.start, payload.goal) }
---    end
---
---or returns a table with `run` and, if it likes, `init` and `stop`:
---
---    return { init = load_map, run = find_path, stop = print_figures }
---
---What values become on their way:
---
--- * A whole number is an integer. LuaJIT has one type of number, so a float without a
---   fraction is one too; on Lua 5.4 `3.0` stays a float.
--- * An integer beyond 2^53 (on Lua 5.4: beyond 2^63 - 1) is opaque: `tostring` and `==`
---   work, arithmetic is an error, and it goes back exactly. `worker.int` makes one.
--- * Text is a string; bytes are a `worker.Bytes`. A string that is no UTF-8 goes back as
---   bytes.
--- * A table whose keys are 1 to n is an array. One of whole positive keys with holes is an
---   array too where at least half of the places up to the largest key are filled. Any
---   other table is a map; its keys are integers and strings. An empty table is an empty
---   array. `worker.array` and `worker.map` say which one is meant.
--- * A decoded table that the script leaves as it is goes back as it came, empty maps and
---   nils included.

---The worker that this script is an instance of.
---@class worker
---@field id integer the worker's id
---@field name string the worker's name
---@field instance integer which of the worker's instances this is, from 0
worker = {}

---Writes a line to the game's log. Long lines are cut.
---@param level "debug"|"info"|"warning"|"error"
---@param message any
function worker.log(level, message) end

---Tells the game how far the task is.
---@param share number usually from 0 to 1
---@param note? string for people
function worker.progress(share, note) end

---Whether nobody waits for this task any more; a long task asks now and then and returns.
---@return boolean
function worker.cancelled() end

---A clock that only goes forward, in seconds.
---@return number
function worker.now() end

---A 64-bit integer: a plain number where Lua can hold it exactly, else an opaque one.
---@param value string|number decimal digits, such as "18446744073709551615"
---@return integer|worker.Integer
function worker.int(value) end

---Bytes rather than text.
---@param data string
---@return worker.Bytes
function worker.bytes(data) end

---Says that `list` is an array, also where it is empty or ends in nils.
---@generic T: table
---@param list T
---@param count? integer how long it is, nils included; `#list` by default
---@return T list the same table
function worker.array(list, count) end

---Says that `map` is a map, also where it is empty or all its keys are integers.
---@generic T: table
---@param map T
---@return T map the same table
function worker.map(map) end

---An instant.
---@param seconds integer since 1970 in UTC
---@param nanoseconds? integer 0 to 999999999
---@return worker.Timestamp
function worker.timestamp(seconds, nanoseconds) end

---A date and time as ISO 8601 text.
---@param iso string such as "2024-05-01T12:00:00"
---@return worker.DateTime
function worker.datetime(iso) end

---Says that `list` is a typed array: Python's `array.array`, or with a shape NumPy's array.
---Each element must fit the typecode when the result goes back.
---@param typecode "b"|"B"|"h"|"H"|"i"|"I"|"q"|"Q"|"f"|"d" as in Python's array module
---@param list number[] row by row
---@param shape? integer[]
---@return number[] list the same table
function worker.typed_array(typecode, list, shape) end

---The sizes of a typed array, the length of one without a shape; nil for any other value.
---
---    local rows, columns = worker.shape(grid)
---    local cell = grid[(row - 1) * columns + column]
---@param list table
---@return integer? ... one size a dimension
function worker.shape(list) end

---An integer that a Lua number cannot hold.
---@class worker.Integer
---@operator concat(any): string

---@class worker.Bytes
---@field data string
---@operator concat(any): string
---@operator len: integer
local Bytes = {}

---@return integer
function Bytes:len() end

---@param first integer
---@param last? integer
---@return string
function Bytes:sub(first, last) end

---@param first? integer
---@param last? integer
---@return integer ...
function Bytes:byte(first, last) end

---@class worker.Timestamp
---@field seconds integer since 1970 in UTC
---@field nanoseconds integer

---@class worker.DateTime
---@field iso string ISO 8601

---Accepted around `Run`: `Run = WorkerFunction.Create(function(payload) ... end)`.
---@class WorkerFunction
WorkerFunction = {}

---@param run fun(payload: any): any
---@return { run: fun(payload: any): any }
function WorkerFunction.Create(run) end
