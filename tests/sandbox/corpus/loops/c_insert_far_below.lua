-- expect: TIMEOUT
-- expect lua54: FAILED
-- why: LuaJIT's table.insert moves elements down to any position, however negative
-- in-thread luajit: not stopped: no hook fires inside Lua's C functions
function Run()
  while true do
    table.insert({}, -2 ^ 31, "x")
  end
end
