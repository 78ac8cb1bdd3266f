-- expect: contained
-- why: load with arguments of every type in every place
function Run()
  local reached = {}
  local odd = { 0, 1.5, "x", "", true, {}, print, coroutine.create(print), worker.bytes("x") }
  for _, a in ipairs(odd) do
    for _, b in ipairs(odd) do
      for _, c in ipairs(odd) do
        local ok, chunk = pcall(load, "return _G", a, b, c)
        if ok and chunk and chunk() ~= nil and chunk() ~= _G then reached[#reached + 1] = type(c) end
        pcall(load, a, b, c)
      end
    end
  end
  return #reached == 0 and "contained" or reached
end
