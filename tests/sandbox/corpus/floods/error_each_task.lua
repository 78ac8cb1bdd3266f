-- expect: FAILED
-- why: an error with a long message each task
-- turns: 30
function Run(turn) error(turn .. ("x"):rep(100000)) end
