-- expect: FAILED
-- why: a message that is longer than anybody reads
function Run() error(("x"):rep(8000000)) end
