-- expect: BAD_RESULT
-- why: a few tables that share each other unfold to millions, which whoever reads makes
local empty, row, grid = {}, {}, {}
for place = 1, 1000 do row[place] = empty end
for place = 1, 1000 do grid[place] = row end
function Run()
  return { grid, grid, grid, grid, grid, grid }
end
