-- expect: TIMEOUT
-- why: asks each turn of a loop whether it is cancelled, which looks at the pipe
function Run()
  while not worker.cancelled() do worker.now() end
end
