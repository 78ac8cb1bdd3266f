-- expect: FAILED
-- why: no error value at all
function Run() error() end
