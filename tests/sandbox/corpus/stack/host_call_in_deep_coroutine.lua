-- expect: FAILED
-- why: calls to the host from the full stack of a coroutine
-- memory_mb: 128
local function down(level)
  if level % 100 == 0 then
    print("x")
    worker.cancelled()
    pcall(require, "not a name")
  end
  return 1 + down(level + 1)
end
function Run() return coroutine.wrap(down)(0) end
