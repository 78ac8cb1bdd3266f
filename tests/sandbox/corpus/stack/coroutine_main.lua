-- expect: ok FAILED
-- why: resuming the thread that runs, or the main one, from inside
function Run()
  local main = coroutine.running()
  assert(not main or not coroutine.resume(main))
  local inner
  inner = coroutine.create(function()
    assert(not main or not coroutine.resume(main))
    assert(not coroutine.resume(inner))
    if coroutine.close then
      pcall(coroutine.close, main)
      pcall(coroutine.close, inner)
    end
    return "inside"
  end)
  assert(coroutine.resume(inner))
  if coroutine.close then pcall(coroutine.close, coroutine.running()) end
  return "ended"
end
