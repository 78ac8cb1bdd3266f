-- expect: BAD_RESULT
-- why: a hundred thousand tables within each other
function Run()
  local t = {}
  for _ = 1, 100000 do t = { t } end
  return t
end
