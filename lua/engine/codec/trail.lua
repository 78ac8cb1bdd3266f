---Where the encoder is: the keys that lead to the table being written, and the tables on
---that way. Errors name that place as the script's author would write it.

local M = {}

local concat = table.concat
local error, find, format, type = error, string.find, string.format, type

-- Keys shown of a path; a chain of a hundred tables says no more than its start.
local LONGEST = 12

---`keys[n]` is the key of `open[n]` in `open[n - 1]`; `open[0]` is the result itself.
M.keys, M.open = {}, {}

local keys, open = M.keys, M.open

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

---`result.units[3].target`
---@param depth integer how many keys lead there
local function path(depth)
  local out = { "result" }
  for place = 1, depth do
    if place > LONGEST then
      out[place + 1] = "..."
      break
    end
    out[place + 1] = step(keys[place])
  end
  return concat(out)
end

---Throws what is wrong with the value that `depth` keys lead to.
---@param depth integer
---@param problem string
function M.refuse(depth, problem)
  error(path(depth) .. ": " .. problem, 0)
end

---Throws why a table is too deep: one that contains itself, or too many levels.
---@param value table
---@param depth integer
function M.refuse_depth(value, depth)
  open[depth] = value
  local seen = {}
  for level = 0, depth do
    if seen[open[level]] then
      M.refuse(level, "cannot carry a table that contains itself")
    end
    seen[open[level]] = true
  end
  M.refuse(depth, "nested deeper than " .. depth .. " levels")
end

---Lets go of the tables of the last result, which may be large.
function M.forget()
  local depth = 0
  while open[depth] ~= nil do
    open[depth], keys[depth] = nil, nil
    depth = depth + 1
  end
  keys[depth] = nil
end

return M
