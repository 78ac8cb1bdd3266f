-- expect: TIMEOUT
-- why: a module whose chunk loops
function Run() return require("modules.loops") end
