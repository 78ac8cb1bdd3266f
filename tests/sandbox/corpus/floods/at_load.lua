-- expect: ok
-- why: prints while it loads, before any task
for i = 1, 20000 do print("loading", i) end
for i = 1, 20000 do worker.progress(0.5, "no task yet") end
function Run() return "ended" end
