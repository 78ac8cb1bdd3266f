-- expect: FAILED
-- why: table.remove far below an empty table whose __index makes elements up
function Run()
  local proxy = setmetatable({}, { __index = function() return 1 end })
  for _, place in ipairs({ -2 ^ 31, -2 ^ 53, 2 ^ 53, 2, 0 / 0 }) do
    pcall(table.remove, proxy, place)
  end
  error("ended")
end
