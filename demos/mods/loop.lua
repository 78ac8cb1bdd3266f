-- Hostile: never returns.

function Run()
  local turns = 0
  while true do turns = turns + 1 end
end
