-- expect: BAD_RESULT
-- why: tables shared 1e9 times, each of them empty
function Run()
  local t = {}
  for _ = 1, 9 do
    local wide = {}
    for i = 1, 10 do wide[i] = t end
    t = wide
  end
  return t
end
