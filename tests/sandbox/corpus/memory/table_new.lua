-- expect: MEMORY FAILED
-- why: table.new reserves what it is told to
function Run()
  local kept = {}
  for i = 1, 1000 do
    kept[i] = table.new(16777216, 16777216)
    for place = 1, 1e6 do kept[i][place] = place end
  end
end
