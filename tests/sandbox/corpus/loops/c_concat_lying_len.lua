-- expect: ok
-- expect lua54: TIMEOUT
-- why: table.concat of 2^31 empty strings that an __index makes up
function Run()
  local empty = setmetatable({}, { __index = function() return "" end, __len = function() return 2 ^ 31 end })
  while #empty > 0 do pcall(table.concat, empty) end
  return "no __len of tables here"
end
