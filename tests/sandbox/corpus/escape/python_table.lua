-- expect: contained
-- why: lupa's table python leads to eval, builtins and posix
function Run()
  local reached = {}
  for _, name in ipairs({ "python", "builtins", "eval", "none", "lupa" }) do
    if rawget(_G, name) ~= nil or load("return " .. name)() ~= nil then reached[#reached + 1] = name end
  end
  if pcall(require, "python") then reached[#reached + 1] = "require" end
  return #reached == 0 and "contained" or reached
end
