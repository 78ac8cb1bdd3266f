-- expect: MEMORY
-- why: a module whose chunk eats the memory, inside pcall
function Run()
  while true do pcall(require, "modules.hoards") end
end
