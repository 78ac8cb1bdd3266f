-- expect: contained
-- why: bit functions with arguments of every kind
function Run()
  local odd = { -1, 0, 1.5, 2 ^ 31, -2 ^ 31, 2 ^ 53, 2 ^ 63, 1e308, 0 / 0, math.huge, "x", "0x10", {}, true }
  for _, f in pairs(bit) do
    for _, a in ipairs(odd) do
      pcall(f)
      pcall(f, a)
      for _, b in ipairs(odd) do pcall(f, a, b) pcall(f, a, b, a) end
    end
  end
  return "contained"
end
