-- expect: ok
-- why: a few lines a task, many tasks
-- turns: 30
function Run(turn)
  for i = 1, 200 do worker.log("info", turn .. " " .. i) end
  return turn
end
