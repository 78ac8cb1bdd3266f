-- expect: FAILED
-- why: recursion through the iterator of a loop
local function down() for _ in down do end return 1 end
function Run() return { down(), error("ended") } end
