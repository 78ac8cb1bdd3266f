-- expect: FAILED
-- why: error values of every type
-- turns: 8
local VALUES = { 1, 0 / 0, true, false, print, {}, coroutine.create(print) }
function Run(turn) error(VALUES[turn]) end
