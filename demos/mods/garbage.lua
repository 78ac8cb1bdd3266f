-- Hostile: answers with what nobody can carry: a function, somewhere deep within.

function Run()
  local units = { { name = "scout" }, { name = "guard" } }
  units[3] = { name = "spy", target = function() return units end }
  return { units = units }
end
