-- expect: MEMORY
-- why: a replacement ten times as long as what it replaces
function Run()
  local s = "x"
  while true do s = s:gsub("x", "xxxxxxxxxx") end
end
