---Small replacements of stock functions, each for the reason that environment.lua gives.

local M = {}

local collectgarbage, error, find, gsub = collectgarbage, error, string.find, string.gsub
local date, rawget, setmetatable, type = os.date, rawget, setmetatable, type
local raw_length = require("engine.platform").raw_length

function M.collectgarbage(option)
  if option == "count" then
    return collectgarbage("count")
  end
  error('collectgarbage: only "count" is available, the engine runs the collector', 2)
end

function M.setmetatable(target, metatable)
  if type(metatable) == "table" and rawget(metatable, "__gc") ~= nil then
    error("setmetatable: __gc is not available, it would run outside every limit", 2)
  end
  return setmetatable(target, metatable)
end

function M.rawlen(value)
  local kind = type(value)
  if kind ~= "table" and kind ~= "string" then
    error("bad argument #1 to 'rawlen' (table or string expected)", 2)
  end
  return kind == "string" and #value or raw_length(value)
end

---os.date, for the conversions that every C library knows.
function M.date(format, time)
  format = format or "%c"
  if type(format) ~= "string" then
    error("bad argument #1 to 'date' (string expected)", 2)
  end
  local rest = gsub(format, "%%[aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyYzZ%%]", "")
  local is_table = find(format, "^!?%*t")
  if find(rest, "%", 1, true) and not is_table then
    error("bad argument #1 to 'date' (unknown conversion in '" .. format .. "')", 2)
  end
  return date(format, time)
end

return M
