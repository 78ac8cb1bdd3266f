-- expect: FAILED
-- expect luajit: TIMEOUT
-- in-thread luajit: not stopped: no hook fires inside Lua's C functions
-- why: NaN and fractions as positions of table.insert and table.remove, on a table with a __len
function Run()
  local proxy = setmetatable({}, { __len = function() return 3 end })
  for _, place in ipairs({ 0 / 0, 1.5, -1, 2 ^ 53, math.huge }) do
    pcall(table.remove, proxy, place)
    if place ~= -1 then pcall(table.insert, proxy, place, 1) end
  end
  table.insert(proxy, -1, 1)
  error("ended")
end
