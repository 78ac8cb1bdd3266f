-- expect: ok FAILED
-- why: a script that requires itself by its own name is a module, or a circle, never a loop
function Run()
  local ok = pcall(require, "require_self")
  return ok
end
