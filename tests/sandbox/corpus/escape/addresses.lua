-- expect: ok
-- why: what tostring and %p tell of addresses must not crash anything
function Run()
  tostring(print)
  tostring({})
  pcall(string.format, "%p", print)
  pcall(string.format, "%p", {})
  pcall(string.format, "%q", print)
  pcall(string.format, "%a", 1)
  return true
end
