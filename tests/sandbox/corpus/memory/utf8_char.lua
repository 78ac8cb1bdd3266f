-- expect: MEMORY
-- why: text made of code points, all kept
function Run()
  local kept = {}
  for i = 1, math.huge do kept[i] = utf8.char(65 + i % 26, 0x20ac, 0x1f600) .. i end
end
