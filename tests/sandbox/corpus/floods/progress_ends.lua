-- expect: ok
-- why: a hundred thousand progress messages, then an answer that must arrive
function Run()
  for i = 1, 100000 do worker.progress(i / 100000) end
  return "ended"
end
