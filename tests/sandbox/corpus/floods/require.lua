-- expect: CRASHED TIMEOUT
-- why: each require of what is not there asks the game's process: a flood of messages ends the child
function Run()
  local n = 0
  while true do
    n = n + 1
    pcall(require, "nothing" .. n)
  end
end
