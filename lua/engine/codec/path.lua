---Where in a result an error is, as the script's author would write it.

local M = {}

local concat = table.concat
local find, format = string.find, string.format
local type = type

-- Keys shown of a path; a chain of a hundred tables says no more than its start.
local LONGEST = 12

local function step(key)
  if type(key) == "number" then
    return format("[%.14g]", key)
  elseif type(key) == "string" and find(key, "^[%a_][%w_]*$") then
    return "." .. key
  elseif type(key) == "string" then
    return format("[%q]", key)
  end
  return "[" .. type(key) .. "]"
end

---`result.units[3].target` from the keys that lead there.
---@param keys any[]
---@param count integer how many of them
---@return string
function M.text(keys, count)
  local out = { "result" }
  for place = 1, count do
    if place > LONGEST then
      out[place + 1] = "..."
      break
    end
    out[place + 1] = step(keys[place])
  end
  return concat(out)
end

return M
