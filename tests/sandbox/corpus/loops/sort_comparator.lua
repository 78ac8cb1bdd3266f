-- expect: TIMEOUT
-- why: Lua called from the C function table.sort
function Run()
  while true do
    pcall(table.sort, { 3, 1, 2 }, function() while true do end end)
  end
end
