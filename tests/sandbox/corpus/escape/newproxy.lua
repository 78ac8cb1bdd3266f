-- expect: contained
-- why: newproxy makes values with __gc
function Run()
  local reached = {}
  for _, name in ipairs({ "newproxy", "module", "gcinfo", "warn" }) do
    if rawget(_G, name) ~= nil then reached[#reached + 1] = name end
  end
  return #reached == 0 and "contained" or reached
end
