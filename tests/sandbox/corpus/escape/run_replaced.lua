-- expect: ok
-- why: a script that replaces its own Run with what is no function
-- turns: 3
function Run(turn)
  Run = turn
  return turn
end
