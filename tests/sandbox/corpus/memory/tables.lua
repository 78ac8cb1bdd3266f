-- expect: MEMORY
-- why: tables that are all kept
function Run()
  local kept = {}
  while true do kept[#kept + 1] = { 1, 2, 3 } end
end
