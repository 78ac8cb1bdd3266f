-- expect: FAILED
-- why: calls to the host from ever deeper in the stack, to its last slot
-- memory_mb: 128
local function down(level)
  if level % 100 == 0 then
    worker.cancelled()
    worker.now()
    worker.progress(0.5, "x")
  end
  return 1 + down(level + 1)
end
function Run() return down(0) end
