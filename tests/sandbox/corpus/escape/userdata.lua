-- expect: contained
-- why: no value a script can get hold of is userdata or leads to a Python object
local reached, seen = {}, {}
local function look(value, path)
  local kind = type(value)
  if kind == "userdata" or kind == "cdata" then reached[#reached + 1] = path .. " is " .. kind end
  if kind ~= "table" or seen[value] then return end
  seen[value] = true
  for key, inner in next, value do
    look(key, path .. " key")
    look(inner, path .. "." .. tostring(key))
  end
  look(getmetatable(value), path .. " metatable")
end
function Run(payload)
  look(_G, "_G")
  look(payload, "payload")
  look(getmetatable(""), "string")
  look(getmetatable(print), "function")
  look(getmetatable(coroutine.create(print)), "thread")
  look(getmetatable(nil), "nil")
  look(getmetatable(1), "number")
  return #reached == 0 and "contained" or reached
end
