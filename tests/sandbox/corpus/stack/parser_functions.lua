-- expect: ok
-- why: the compiler recurses for each function within a function
function Run()
  for _, count in ipairs({ 150, 1000, 100000 }) do
    load(("return function() "):rep(count) .. (" end"):rep(count))
    load(("local function f() "):rep(count))
  end
  return "ended"
end
