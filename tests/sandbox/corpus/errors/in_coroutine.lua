-- expect: FAILED
-- why: errors that pass through coroutines
function Run()
  local first = coroutine.wrap(function()
    local second = coroutine.wrap(function() error({ "inside" }) end)
    second()
  end)
  first()
end
