-- expect: MEMORY
-- why: the host pushes a module's source where there is no room for it
function Run()
  local kept = {}
  for i = 1, math.huge do
    kept[i] = ("x"):rep(1000) .. i
    if i % 100 == 0 then pcall(require, "nothing" .. i) end
  end
end
