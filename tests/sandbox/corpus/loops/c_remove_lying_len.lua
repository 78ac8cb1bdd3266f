-- expect: ok
-- expect lua54: TIMEOUT
-- why: table.remove moves as many elements as __len says
function Run()
  local liar = setmetatable({}, { __len = function() return 2 ^ 52 end, __newindex = function() end })
  while #liar > 0 do pcall(table.remove, liar, 1) end
  return "no __len of tables here"
end
