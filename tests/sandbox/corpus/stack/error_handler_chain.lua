-- expect: FAILED ok TIMEOUT
-- why: each handler fails, and calls xpcall to do so
local function fail()
  xpcall(error, fail)
  error("again")
end
function Run() xpcall(fail, fail) return "ended" end
