---Source text to functions: text only, and always in a script's environment.

local memory = require("engine.guards.memory")
local protect = require("engine.guards.protect")

local M = {}

local byte, find, gsub, sub = string.byte, string.find, string.gsub, string.sub
local concat = table.concat
local error, load, select, tostring, type = error, load, select, tostring, type

local environment ---@type table

---@param script_environment table
function M.setup(script_environment)
  environment = script_environment
end

---@param source string
---@return string? # why it is no Lua source text
local function not_text(source)
  if byte(source, 1) == 27 then
    return "it is compiled bytecode"
  elseif find(source, "\0", 1, true) then
    return "it has a zero byte"
  end
end

---Compiles text; the end of the memory is an error, not an answer that a script may ignore.
local function compile(source, chunk_name, target)
  local chunk, problem = load(source, chunk_name, "t", target)
  if not chunk and problem == memory.MESSAGE then
    error(problem, 0)
  end
  return chunk, problem
end

---A script's file: a byte order mark and a first line that begins with # are skipped.
---@param source string
---@param chunk_name string such as "lib/util.lua"
---@return function?
---@return string? reason
function M.file(source, chunk_name)
  local problem = not_text(source)
  if problem then
    return nil, chunk_name .. ": is not Lua source text: " .. problem
  end
  if sub(source, 1, 3) == "\239\187\191" then
    source = sub(source, 4)
  end
  if sub(source, 1, 1) == "#" then
    source = gsub(source, "^[^\n]*", "", 1)
  end
  return compile(source, "@" .. chunk_name, environment)
end

---All that a reader function of `load` gives.
local function read_all(reader)
  local pieces = {}
  while true do
    local piece = reader()
    if piece == nil or piece == "" then
      return concat(pieces)
    elseif type(piece) ~= "string" then
      error("reader function must return a string", 0)
    end
    pieces[#pieces + 1] = piece
  end
end

---The script's load.
function M.load(source, chunk_name, _, ...)
  if type(source) == "function" then
    local ok, text = protect.pcall(read_all, source)
    if not ok then
      return nil, text
    end
    source, chunk_name = text, chunk_name or "=(load)"
  elseif type(source) ~= "string" then
    error("bad argument #1 to 'load' (string or function expected)", 2)
  end
  if chunk_name ~= nil and type(chunk_name) ~= "string" then
    error("bad argument #2 to 'load' (string expected)", 2)
  end
  local target = environment
  if select("#", ...) > 0 then
    target = ...
    if type(target) ~= "table" then
      error("bad argument #4 to 'load' (table expected)", 2)
    end
  end
  local problem = not_text(source)
  if problem then
    return nil, "not Lua source text: " .. problem
  end
  return compile(source, chunk_name or source, target)
end

return M
