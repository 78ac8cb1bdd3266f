-- expect: ok MEMORY
-- why: each task leaves a little behind; the last one finds no room
-- turns: 12
kept = {}
function Run()
  for i = 1, 100000 do kept[#kept + 1] = { i } end
  return #kept
end
