-- expect: FAILED ok
-- why: calls to the host right where the stack has ended, at every level that is left
local function down()
  if not pcall(down) then
    worker.cancelled()
    worker.now()
    worker.progress(0.5, "x")
    worker.log("debug", "x")
    require("modules.fine")
  end
  return 1
end
function Run() return down() end
