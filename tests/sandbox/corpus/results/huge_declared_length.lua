-- expect: BAD_RESULT
-- why: an empty list that is declared to have four thousand million places
function Run() return worker.array({}, 4294967295) end
