-- expect: ok BAD_RESULT
-- why: as deep as a result may be, at many places
function Run()
  local list = {}
  for i = 1, 2000 do
    local t = {}
    for _ = 1, 97 do t = { t } end
    list[i] = t
  end
  return list
end
