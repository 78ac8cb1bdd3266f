-- expect: BAD_RESULT
-- why: elements that do not fit their letter
-- turns: 6
local LISTS = { { "x" }, { 1.5 }, { 300 }, { -1 }, { {} }, { 0 / 0 } }
function Run(turn) return worker.typed_array("B", LISTS[turn]) end
