-- expect: MEMORY FAILED
-- why: few coroutines, each with the deepest stack it may have
function Run()
  local kept = {}
  local function deep(level)
    if level == 0 then coroutine.yield() end
    local value = deep(level - 1)
    return value
  end
  for i = 1, 10000 do
    kept[i] = coroutine.create(deep)
    assert(coroutine.resume(kept[i], 8000))
  end
end
