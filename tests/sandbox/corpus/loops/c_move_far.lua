-- expect: TIMEOUT
-- why: table.move of 2^31 elements that are not there
function Run()
  while true do
    pcall(table.move, {}, 1, 2 ^ 31 - 2, 2)
    pcall(table.move, {}, 1, 2 ^ 52, 1, {})
  end
end
