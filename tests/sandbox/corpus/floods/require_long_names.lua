-- expect: CRASHED TIMEOUT
-- why: the same with names as long as they may be
function Run()
  local n = 0
  while true do
    n = n + 1
    pcall(require, ("a."):rep(90) .. n)
  end
end
