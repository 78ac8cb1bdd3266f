-- Merely broken: the unit it greets has no name.

local function greet(unit)
  return "Hello, " .. unit.name.first
end

function Run()
  return greet({ hit_points = 7 })
end
