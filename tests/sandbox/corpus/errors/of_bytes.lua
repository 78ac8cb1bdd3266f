-- expect: FAILED
-- why: an error value of the engine's own types, with a lie inside
function Run()
  local bytes = worker.bytes("x")
  bytes.data = setmetatable({}, { __tostring = function() error("x") end })
  error(bytes)
end
