-- expect: ok
-- why: unpack of a range as wide as the integers is an error
function Run()
  for _, last in ipairs({ 1e7, 1e8, 2 ^ 31 - 1, 2 ^ 31, 2 ^ 53, math.huge }) do
    assert(select("#", pcall(table.unpack, {}, 1, last)) < 1e6)
    pcall(table.unpack, {}, -last, last)
    pcall(unpack, {}, -2 ^ 31, 2 ^ 31 - 1)
  end
  return "ended"
end
