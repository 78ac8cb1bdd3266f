-- expect: ok
-- why: shares and notes of every type
function Run()
  for _, value in ipairs({ "0.5", "x", {}, true, print, coroutine.create(print), worker.bytes("x") }) do
    pcall(worker.progress, value)
    pcall(worker.progress, 0.5, value)
  end
  pcall(worker.progress)
  worker.progress(0.5, "\255\0\27[31m")
  return "ended"
end
