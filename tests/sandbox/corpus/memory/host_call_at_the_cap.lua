-- expect: MEMORY
-- why: calls to the host with the last byte in use; lupa may end the process there
function Run()
  local kept = {}
  for i = 1, math.huge do
    kept[i] = { i }
    worker.now()
    worker.cancelled()
  end
end
