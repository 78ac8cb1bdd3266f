---What went wrong, in the words of the queue: a kind, a message, a traceback.

local deadline = require("engine.guards.deadline")
local protect = require("engine.guards.protect")

local M = {}

local find, format, gmatch, sub = string.find, string.format, string.gmatch, string.sub
local concat, pcall, tostring, type = table.concat, pcall, tostring, type

local LONGEST_MESSAGE = 8192
local LONGEST_TRACEBACK = 16384

---The text of an error value. A table's `__tostring` is the script's code: it runs under
---the deadline, and whatever it does, a string comes out.
local function text_of(problem)
  if type(problem) == "string" then
    return problem
  end
  local ok, text = pcall(tostring, problem)
  if ok and type(text) == "string" then
    return text
  end
  return "an error that is a " .. type(problem) .. " value"
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
  if problem == protect.MEMORY_MESSAGE then
    return "MEMORY", "the script ran out of its memory", ""
  end
  local traceback = script_frames(sub(protect.traceback(), 1, LONGEST_TRACEBACK))
  if deadline.is_over() then
    return "TIMEOUT", text_of(problem), traceback
  end
  return "FAILED", sub(text_of(problem), 1, LONGEST_MESSAGE), traceback
end

---@param kind string
---@param problem any what the codec threw
---@return string kind
---@return string message
---@return string traceback
function M.codec(kind, problem)
  if problem == protect.MEMORY_MESSAGE then
    return "MEMORY", "the script ran out of its memory", ""
  end
  return kind, text_of(problem), ""
end

return M
