-- expect: contained
-- why: the shared metatable of host objects can be changed, and its __gc called
local reached = {}
function Run()
  for name, value in pairs(worker) do
    if type(value) == "function" and getmetatable(value) ~= nil then reached[#reached + 1] = name end
    if type(value) == "userdata" then reached[#reached + 1] = name end
    for _, key in ipairs({ "__call", "__gc", "__index", "_runtime", "__self__", "func_globals", "__globals__" }) do
      local ok, found = pcall(function() return value[key] end)
      if ok and found ~= nil and type(value) ~= "string" then reached[#reached + 1] = name .. "." .. key end
    end
  end
  for _, value in ipairs({ print, require, load, pcall, worker.log, tostring }) do
    if pcall(setmetatable, value, {}) then reached[#reached + 1] = "setmetatable" end
  end
  return #reached == 0 and "contained" or reached
end
