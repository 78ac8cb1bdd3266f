-- expect: BAD_RESULT
-- why: a table that is its own key
function Run()
  local t = {}
  t[t] = t
  return t
end
