-- expect: TIMEOUT
-- why: waits for a moment that does not come
function Run()
  while worker.now() >= 0 and os.clock() >= 0 and os.time() >= 0 do end
end
