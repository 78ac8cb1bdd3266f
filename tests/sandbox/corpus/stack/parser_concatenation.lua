-- expect: ok
-- why: a chain of .. associates to the right: recursion, and a register each
function Run()
  for _, count in ipairs({ 150, 1000, 10000 }) do
    load("return " .. ("x.."):rep(count) .. "x")
    load("return " .. ("x^"):rep(count) .. "x")
    load("return " .. ("x=="):rep(count) .. "x")
    load("return " .. ("x and "):rep(count) .. "x")
  end
  return "ended"
end
