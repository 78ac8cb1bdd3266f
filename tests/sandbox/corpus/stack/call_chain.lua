-- expect: FAILED
-- expect lua54: TIMEOUT
-- why: a hundred thousand tables, each the __call of the next: Lua 5.4 walks them all in one C call
-- in-thread lua54: may go on: no hook fires inside Lua's C functions; how long it takes is the machine's
function Run()
  local t = function() return 1 end
  for _ = 1, 100000 do t = setmetatable({}, { __call = t }) end
  return { t(), error("went all the way") }
end
