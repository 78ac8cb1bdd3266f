-- expect: ok FAILED
-- why: a module that yields while it loads, and is required again
function Run()
  local thread = coroutine.create(function() return require("modules.yields") end)
  coroutine.resume(thread)
  pcall(require, "modules.yields")
  coroutine.resume(thread)
  pcall(require, "modules.yields")
  return "ended"
end
