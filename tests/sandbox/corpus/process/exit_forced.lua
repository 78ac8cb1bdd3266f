-- expect: contained
-- why: no other way out of the process either
function Run()
  local reached = {}
  for _, name in ipairs({ "exit", "abort", "kill", "fork", "execute", "quit" }) do
    for library, content in pairs(_G) do
      if type(content) == "table" and rawget(content, name) then reached[#reached + 1] = library .. "." .. name end
    end
    if rawget(_G, name) then reached[#reached + 1] = name end
  end
  return #reached == 0 and "contained" or reached
end
