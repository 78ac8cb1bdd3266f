-- expect: contained
-- why: a metatable of _G sees what code looks up there; the engine's own code must not
local seen = {}
function Run()
  setmetatable(_G, {
    __index = function(_, name) seen[#seen + 1] = tostring(name) error("trap") end,
    __newindex = function(_, name) seen[#seen + 1] = tostring(name) error("trap") end,
    __metatable = false,
  })
  worker.progress(0.5, "x")
  worker.log("info", "x")
  print("x")
  pcall(require, "nothing")
  pcall(load, "return 1")
  string.gsub("x", "x", tostring)
  return #seen == 0 and "contained" or seen
end
