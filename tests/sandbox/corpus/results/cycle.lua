-- expect: BAD_RESULT
-- why: a table that contains itself
function Run()
  local t = {}
  t.x = { t }
  return t
end
