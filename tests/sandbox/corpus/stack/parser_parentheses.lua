-- expect: ok
-- why: the compiler recurses for each opening bracket
function Run()
  for _, count in ipairs({ 150, 1000, 100000, 1000000 }) do
    load("return " .. ("("):rep(count) .. "1" .. (")"):rep(count))
    load("return " .. ("("):rep(count))
  end
  return "ended"
end
