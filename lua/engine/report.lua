---What went wrong, in the words of the queue: a kind, a message, a traceback.

local deadline = require("engine.guards.deadline")
local memory = require("engine.guards.memory")
local protect = require("engine.guards.protect")

local M = {}

local find, gmatch, sub = string.find, string.gmatch, string.sub
local concat, pcall, rawget, tostring, type = table.concat, pcall, rawget, tostring, type
local raw_metatable = debug.getmetatable

local LONGEST_MESSAGE = 8192
local LONGEST_TRACEBACK = 16384

---The text of an error value that is a table: what its `__tostring` says, else its field
---`message`. `__tostring` is the script's code: it runs under the deadline, and whatever
---it does, a string comes out, or nil.
local function text_of_table(problem)
  local metatable = raw_metatable(problem)
  if metatable and rawget(metatable, "__tostring") ~= nil then
    local ok, text = pcall(tostring, problem)
    return ok and type(text) == "string" and text or nil
  end
  local message = rawget(problem, "message")
  return type(message) == "string" and message or nil
end

---@param problem any an error value
---@return string
local function text_of(problem)
  local kind = type(problem)
  if kind == "string" then
    return problem
  elseif kind == "number" then
    return tostring(problem)
  end
  local text = kind == "table" and text_of_table(problem)
  return text or "an error that is a " .. kind .. " value"
end

-- Frames that say nothing to a script's author: the engine's, and those of C functions
-- through which it calls the script.
local ENGINE_FRAMES = {
  "^%s*engine/",
  "^%s*%[C%]: in function 'through'",
  "^%s*%[C%]: in function 'xpcall'",
  "^%s*%(%.%.%.tail calls%.%.%.%)",
}

local function is_engine_frame(frame)
  for place = 1, #ENGINE_FRAMES do
    if find(frame, ENGINE_FRAMES[place]) then
      return true
    end
  end
  return false
end

---@param traceback string as debug.traceback makes it
---@return string # empty where no frame is the script's
local function script_frames(traceback)
  local out = {}
  for frame in gmatch(traceback, "[^\n]+") do
    if not is_engine_frame(frame) then
      out[#out + 1] = frame
    end
  end
  while #out > 0 and find(out[#out], "^%s*%[C%]") do
    out[#out] = nil -- the engine's outermost pcall
  end
  return #out > 1 and concat(out, "\n") or ""
end

---@param problem any the error value of the script
---@return string kind
---@return string message
---@return string traceback
function M.failure(problem)
  if problem == memory.MESSAGE then
    return "MEMORY", "the script ran out of its memory", ""
  end
  local traceback = script_frames(sub(protect.traceback(), 1, LONGEST_TRACEBACK))
  local text = sub(text_of(problem), 1, LONGEST_MESSAGE)
  if deadline.is_over() then
    local is_hook = find(text, deadline.MESSAGE, 1, true)
    return "TIMEOUT", is_hook and text or deadline.MESSAGE, traceback
  end
  return "FAILED", text, traceback
end

---An error of the engine itself, at work for the script: in the codec or the compiler.
---@param kind string
---@param problem any what it threw
---@return string kind
---@return string message
---@return string traceback
function M.engine(kind, problem)
  if problem == memory.MESSAGE then
    return "MEMORY", "the script ran out of its memory", ""
  end
  return kind, text_of(problem), ""
end

return M
