-- expect: ok
-- why: the compiler recurses for each operator before a value
function Run()
  for _, count in ipairs({ 150, 1000, 1000000 }) do
    load("return " .. ("not "):rep(count) .. "x")
    load("return " .. ("-"):rep(2 * count, " ") .. "x")
    load("return " .. ("#"):rep(count) .. "x")
    load("return " .. ("~"):rep(count) .. "x")
  end
  return "ended"
end
