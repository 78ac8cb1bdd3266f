-- expect: ok
-- why: handlers of every type
function Run()
  for _, handler in ipairs({ 1, "x", {}, true, coroutine.create(print), setmetatable({}, { __call = print }) }) do
    pcall(xpcall, error, handler)
  end
  pcall(xpcall)
  pcall(xpcall, error)
  pcall(pcall)
  return "ended"
end
