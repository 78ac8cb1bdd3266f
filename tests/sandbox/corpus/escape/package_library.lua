-- expect: contained
-- why: package.loaded holds every library, package.loadlib loads native code
function Run()
  local reached = {}
  if package then reached[#reached + 1] = "package" end
  for _, name in ipairs({ "package", "_G", "io", "os", "string", "table", "coroutine", "math", "python", "lupa" }) do
    if pcall(require, name) then reached[#reached + 1] = "require " .. name end
  end
  return #reached == 0 and "contained" or reached
end
