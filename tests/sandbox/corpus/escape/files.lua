-- expect: contained
-- why: loadfile and dofile read files
function Run()
  local reached = {}
  for _, name in ipairs({ "loadfile", "dofile", "loadlib", "searchpath" }) do
    if rawget(_G, name) ~= nil then reached[#reached + 1] = name end
  end
  return #reached == 0 and "contained" or reached
end
