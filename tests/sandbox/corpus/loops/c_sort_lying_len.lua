-- expect: ok
-- expect lua54: TIMEOUT
-- why: table.sort of as many elements as __len says
function Run()
  local liar = setmetatable({}, {
    __len = function() return 2 ^ 30 end,
    __index = function(_, place) return place end,
    __newindex = function() end,
  })
  while #liar > 0 do pcall(table.sort, liar) end
  return "no __len of tables here"
end
