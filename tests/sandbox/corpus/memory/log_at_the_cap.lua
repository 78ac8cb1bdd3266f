-- expect: MEMORY
-- why: log lines and progress with the last byte in use
function Run()
  local kept, line = {}, ("x"):rep(5000)
  for i = 1, math.huge do
    kept[i] = line .. i
    worker.log("debug", kept[i])
    worker.progress(0.5, kept[i])
  end
end
