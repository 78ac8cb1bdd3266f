-- expect: ok
-- why: the compiler recurses for each table within a table
function Run()
  for _, count in ipairs({ 150, 1000, 100000, 1000000 }) do
    load("return " .. ("{"):rep(count) .. ("}"):rep(count))
    load("return " .. ("{x={"):rep(count))
  end
  return "ended"
end
