-- expect: ok
-- why: the compiler recurses for each block within a block
function Run()
  for _, count in ipairs({ 150, 1000, 10000 }) do
    load(("do "):rep(count) .. ("end "):rep(count))
    load(("if x then "):rep(count))
    load(("while x do "):rep(count))
    load("if x then " .. ("elseif x then "):rep(count) .. "end")
  end
  return "ended"
end
