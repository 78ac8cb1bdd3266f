-- expect: ok
-- why: more locals, upvalues, constants, labels and jumps than a function may have
function Run()
  local locals, constants, labels = {}, {}, {}
  for i = 1, 70000 do
    locals[i] = "local v" .. i .. " = " .. i
    constants[i] = "x = 'c" .. i .. "'"
    labels[i] = "::l" .. i .. "::"
  end
  load(table.concat(locals, "\n"))
  load(table.concat(constants, "\n"))
  load(table.concat(labels, "\n"))
  load("while x do " .. ("x = x + 1 "):rep(100000) .. " end")
  load("goto " .. ("a"):rep(100000))
  load("return [" .. ("="):rep(100000) .. "[x]" .. ("="):rep(100000) .. "]")
  load("return '" .. ("\\65"):rep(100000) .. "'")
  load("return '\\u{" .. ("f"):rep(1000) .. "}'")
  return "ended"
end
