-- expect: FAILED
-- why: an ordinary mistake, for comparison
function Run() local nothing return nothing.field end
