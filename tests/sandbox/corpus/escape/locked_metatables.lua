-- expect: contained
-- why: the metatables of bytes and integers are shared by all values of their kind
local reached = {}
local function attack(name, value)
  if type(getmetatable(value)) == "table" then reached[#reached + 1] = name .. " shows its metatable" end
  if pcall(setmetatable, value, {}) then reached[#reached + 1] = name .. " takes another metatable" end
  for key in next, value do
    if tostring(key):find("^__") then reached[#reached + 1] = name .. " has " .. key end
  end
  pcall(rawset, value, "__metatable", nil)
  pcall(rawset, value, "__index", _G)
  pcall(rawset, value, "data", print)
  pcall(tostring, value)
  pcall(function() return #value end)
  pcall(function() return value .. value end)
  pcall(function() return value == value end)
  pcall(function() return value + value end)
  pcall(function() return value < value end)
  pcall(function() return value:len() end)
  pcall(function() return value:sub(1) end)
  pcall(function() return value:byte(1) end)
end
function Run()
  local big = worker.int("18446744073709551615")
  attack("bytes", worker.bytes("x"))
  attack("integer", big)
  if tostring(worker.bytes("fine")) ~= "fine" then reached[#reached + 1] = "bytes are changed" end
  if tostring(worker.int("18446744073709551615")) ~= "18446744073709551615" then reached[#reached + 1] = "integers are changed" end
  pcall(worker.array, big, 3)
  pcall(worker.map, big)
  pcall(tostring, big)
  pcall(function() return big + 1 end)
  pcall(function() return big == worker.int("18446744073709551615") end)
  return #reached == 0 and "contained" or reached
end
