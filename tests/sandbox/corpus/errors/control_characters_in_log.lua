-- expect: ok
-- why: the same in a log line and in a progress note
function Run()
  local text = "\27[2J\27]0;title\7\8\8\rERROR another.mod: forged\nERROR another.mod: forged\0\127\194\155"
  print(text)
  worker.log("error", text)
  worker.progress(0.5, text)
  return true
end
