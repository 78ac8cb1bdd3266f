-- expect: MEMORY
-- why: prototypes and constants of compiled code
function Run()
  local kept = {}
  for i = 1, math.huge do kept[i] = load("return " .. i .. ", '" .. ("x"):rep(200) .. i .. "'") end
end
