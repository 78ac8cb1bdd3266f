-- expect: ok
-- why: comparators without any order; an error or any order at all, but an end
local COMPARATORS = {
  function() return true end,
  function() return false end,
  function() return math.random() < 0.5 end,
  function(a, b) return a <= b end,
}
function Run()
  for _, compare in ipairs(COMPARATORS) do
    local list = {}
    for i = 1, 2000 do list[i] = i % 7 end
    pcall(table.sort, list, compare)
  end
  return "ended"
end
