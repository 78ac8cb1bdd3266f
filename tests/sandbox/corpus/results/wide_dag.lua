-- expect: BAD_RESULT
-- why: sixty small tables that are 2^60 values when they are written out
function Run()
  local t = { 1 }
  for _ = 1, 60 do t = { t, t } end
  return t
end
