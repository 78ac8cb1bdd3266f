-- Hostile: one call of a C function that takes longer than the age of the world. No hook, no
-- error and no limit reaches into it; only the end of its process does.

function Run()
  local text = ("a"):rep(3000)
  return text:find((".-"):rep(40) .. "b")
end
