-- expect: BAD_RESULT
-- why: one string longer than a result may be
function Run() return ("x"):rep(8 * 1024 * 1024) end
