-- expect: MEMORY
-- why: the compiler itself runs out of memory, and load would answer nil
function Run()
  local source = "return {" .. ("{1,2,3},"):rep(3000000) .. "}"
  local chunk = load(source)
  while true do chunk() end
end
