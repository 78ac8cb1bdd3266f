-- expect: FAILED
-- why: a message of a hundred thousand lines
function Run() error(("line\n"):rep(100000)) end
