-- expect: contained
-- why: the engine's utf8 in Lua, with arguments of every kind
function Run()
  local odd = { -1, 0, 1, 1.5, 2 ^ 31, -2 ^ 31, 2 ^ 53, 0 / 0, math.huge, -math.huge, "x", {}, true, "\255", "\240\144" }
  for _, a in ipairs(odd) do
    pcall(utf8.char, a, a)
    for _, b in ipairs(odd) do
      for _, f in ipairs({ utf8.codepoint, utf8.len, utf8.offset, utf8.codes }) do
        pcall(f, a, b)
        pcall(f, "\195\164x\240\159\152\128", a, b)
        pcall(f, "\195\164x\240\159\152\128", a, b, true)
      end
    end
  end
  return "contained"
end
