-- expect: FAILED
-- why: a table that is its own __newindex
function Run()
  local t = {}
  setmetatable(t, { __newindex = t })
  t.x = 1
end
