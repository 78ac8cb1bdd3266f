-- expect: ok FAILED
-- why: recursion through require, by a module that requires itself
function Run()
  for _ = 1, 1000 do assert(not pcall(require, "require")) end
  return "ended"
end
