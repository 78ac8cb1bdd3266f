-- expect: contained
-- why: coroutines resumed by themselves, by each other, while closing, after death
function Run()
  local a, b
  a = coroutine.create(function() coroutine.resume(a) coroutine.resume(b) coroutine.yield() error("x") end)
  b = coroutine.create(function() coroutine.resume(a) coroutine.resume(b) coroutine.yield() error({}) end)
  for _ = 1, 4 do
    coroutine.resume(a)
    coroutine.resume(b)
    coroutine.status(a)
    if coroutine.close then pcall(coroutine.close, b) end
  end
  local wrapped
  wrapped = coroutine.wrap(function() pcall(wrapped) return pcall(wrapped) end)
  pcall(wrapped)
  pcall(wrapped)
  return "contained"
end
