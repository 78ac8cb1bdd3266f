-- expect: FAILED
-- why: calls to the host from the full stack of a coroutine
local function down()
  print("x")
  worker.cancelled()
  pcall(require, "not a name")
  return 1 + down()
end
function Run() return coroutine.wrap(down)() end
