-- expect: TIMEOUT
-- why: errors as control flow; each is caught before a hook has counted far
function Run()
  while true do pcall(error) end
end
