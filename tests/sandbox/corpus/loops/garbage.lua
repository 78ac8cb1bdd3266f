-- expect: TIMEOUT
-- why: keeps the garbage collector at work
function Run()
  while true do
    local t = {}
    for i = 1, 100 do t[i] = { t } end
  end
end
