-- expect: MEMORY
-- why: many small strings fill the table of interned strings
function Run()
  local kept = {}
  for i = 1, math.huge do kept[i] = "s" .. i end
end
