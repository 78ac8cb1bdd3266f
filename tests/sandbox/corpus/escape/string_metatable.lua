-- expect: contained
-- why: the metatable of all strings is shared with the engine
function Run()
  local reached = {}
  local metatable = getmetatable("")
  if type(metatable) == "table" then reached[#reached + 1] = "getmetatable" end
  if pcall(setmetatable, "", {}) then reached[#reached + 1] = "setmetatable" end
  if pcall(function() return ("x").__index end) and ("x").__index ~= nil then reached[#reached + 1] = "__index" end
  if pcall(rawset, "", "x", 1) then reached[#reached + 1] = "rawset" end
  if pcall(rawget, "", "__index") then reached[#reached + 1] = "rawget" end
  if pcall(next, "") then reached[#reached + 1] = "next" end
  return #reached == 0 and "contained" or reached
end
