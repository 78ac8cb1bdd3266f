-- expect: FAILED
-- why: a table that is its own __index
function Run()
  local t = {}
  setmetatable(t, { __index = t, __newindex = t })
  return t.x
end
