-- expect: ok
-- why: more results than one: only the first counts
function Run() return 1, print, {}, error end
