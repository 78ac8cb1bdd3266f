-- expect: refused
-- why: a script without Run
local function run() end
