-- expect: contained
-- why: loaded code gets the real globals where load is given no environment
function Run()
  local reached = {}
  local function check(name, chunk)
    local ok, globals = pcall(chunk)
    if ok and globals ~= nil and globals ~= _G then reached[#reached + 1] = name end
  end
  check("load", load("return _G"))
  check("loadstring", loadstring("return _G"))
  check("reader", load((function() local done return function() if not done then done = true return "return _G" end end end)()))
  check("_ENV", load("return _ENV"))
  check("coroutine", coroutine.wrap(function() return load("return _G")() end))
  check("gsub", function() local found ("x"):gsub("x", function() found = load("return _G")() end) return found end)
  if pcall(load, "return _G", "x", "t", nil) then
    check("nil", load("return _G", "x", "t", nil) or print)
  end
  check("empty", load("return _G", "x", "t", {}))
  for _, other in ipairs({ 1, "x", true, print, coroutine.create(print) }) do
    if pcall(load, "return 1", "x", "t", other) then reached[#reached + 1] = "environment " .. type(other) end
  end
  local seen = {}
  load("x = 1 return x", "x", "t", setmetatable({}, { __newindex = function(_, k) seen[k] = true end }))()
  if not seen.x then reached[#reached + 1] = "__newindex" end
  return #reached == 0 and "contained" or reached
end
