-- expect: contained
-- why: getfenv(0) is the machine's real globals, setfenv changes the engine's functions
function Run()
  local reached = {}
  for _, name in ipairs({ "getfenv", "setfenv" }) do
    if _G[name] or rawget(_G, name) then reached[#reached + 1] = name end
  end
  if load("return getfenv")() then reached[#reached + 1] = "in load" end
  return #reached == 0 and "contained" or reached
end
