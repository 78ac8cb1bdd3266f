-- expect: refused
-- why: a script that does not parse
function Run( return end
