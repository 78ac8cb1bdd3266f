-- expect: contained
-- why: debug reaches every upvalue, metatable and registry entry
function Run()
  local reached = {}
  if debug then reached[#reached + 1] = "debug" end
  if pcall(require, "debug") then reached[#reached + 1] = "require debug" end
  for _, name in ipairs({ "getinfo", "sethook", "getupvalue", "getregistry", "traceback" }) do
    for library, content in pairs(_G) do
      if type(content) == "table" and rawget(content, name) then reached[#reached + 1] = library .. "." .. name end
    end
  end
  return #reached == 0 and "contained" or reached
end
