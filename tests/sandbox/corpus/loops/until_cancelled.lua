-- expect: TIMEOUT
-- why: waits for a cancel that nobody sends, one call to the host each turn
function Run()
  while not worker.cancelled() do end
end
