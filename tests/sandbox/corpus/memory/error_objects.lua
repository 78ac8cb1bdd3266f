-- expect: MEMORY
-- why: errors whose values hold all that came before
function Run()
  local last
  while true do
    local _, caught = pcall(error, { last, ("x"):rep(1000) .. tostring(last) })
    last = caught
  end
end
