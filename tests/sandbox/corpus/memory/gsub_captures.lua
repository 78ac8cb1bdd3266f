-- expect: MEMORY
-- why: a short pattern that multiplies what it captures
function Run()
  local s = ("x"):rep(1000)
  while true do s = s:gsub(".+", "%0%0%0%0%0%0%0%0") end
end
