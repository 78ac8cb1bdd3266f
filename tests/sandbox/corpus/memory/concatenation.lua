-- expect: MEMORY
-- why: a string that doubles
function Run()
  local s = "x"
  while true do s = s .. s end
end
