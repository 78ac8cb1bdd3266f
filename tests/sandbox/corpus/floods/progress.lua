-- expect: TIMEOUT
-- why: progress each turn of a loop
function Run()
  while true do
    for i = 0, 100 do worker.progress(i / 100, "step " .. i) end
  end
end
