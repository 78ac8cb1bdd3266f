-- expect: FAILED
-- why: calls to the host with the last slot of the stack in use
local function down()
  worker.cancelled()
  worker.now()
  worker.progress(0.5, "x")
  return 1 + down()
end
function Run() return down() end
