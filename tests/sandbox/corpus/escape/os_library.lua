-- expect: contained
-- why: what is dangerous in os is not there, what is harmless does no more than it should
function Run()
  local reached = {}
  for name in pairs(os) do
    if not ({ clock = 1, date = 1, difftime = 1, time = 1 })[name] then reached[#reached + 1] = name end
  end
  for _, name in ipairs({ "execute", "getenv", "remove", "rename", "tmpname", "exit", "setlocale" }) do
    if os[name] then reached[#reached + 1] = name end
  end
  return #reached == 0 and "contained" or reached
end
