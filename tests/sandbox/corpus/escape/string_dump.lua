-- expect: contained
-- why: bytecode that was dumped, changed and loaded can read and write any memory
function Run()
  local reached = {}
  if string.dump then reached[#reached + 1] = "string.dump" end
  if ("x").dump then reached[#reached + 1] = "method dump" end
  for name in pairs(string) do
    local ok, text = pcall(string[name], Run)
    if ok and type(text) == "string" and text:byte() == 27 then reached[#reached + 1] = name end
  end
  return #reached == 0 and "contained" or reached
end
