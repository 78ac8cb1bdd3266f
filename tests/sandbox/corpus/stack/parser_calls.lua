-- expect: ok
-- why: suffixes, assignments and arguments without an end
function Run()
  for _, count in ipairs({ 150, 1000, 100000 }) do
    load("return x" .. (".x"):rep(count))
    load("return x" .. ("()"):rep(count))
    load("return " .. ("x("):rep(count) .. (")"):rep(count))
    load(("x,"):rep(count) .. "x = 1")
    load("return " .. ("x,"):rep(count) .. "x")
    load("x(" .. ("x,"):rep(count) .. "x)")
  end
  return "ended"
end
