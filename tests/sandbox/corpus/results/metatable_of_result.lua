-- expect: ok
-- why: a result with a metatable for every event
function Run()
  local m = {}
  for _, event in ipairs({ "index", "newindex", "call", "len", "eq", "lt", "le", "concat", "pairs", "tostring", "mode", "name", "close" }) do
    m["__" .. event] = function() while true do end end
  end
  m.__metatable = m
  return setmetatable({ 1, x = 2 }, m)
end
