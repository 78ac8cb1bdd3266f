-- expect: ok
-- why: no result at all
function Run() end
