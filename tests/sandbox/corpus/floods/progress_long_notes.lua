-- expect: TIMEOUT
-- why: notes of a megabyte
function Run()
  local note = ("x"):rep(1000000)
  while true do worker.progress(0.5, note) end
end
