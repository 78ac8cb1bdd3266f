-- expect: ok
-- why: the pattern matcher recurses for each item
function Run()
  for _, item in ipairs({ "a?", "a-", "(a", "%b()", "[^b]", "%f[a]", "(", "()", "%1" }) do
    pcall(string.find, ("a"):rep(100000), item:rep(100000))
    pcall(string.gsub, ("a"):rep(1000), item:rep(31), "%1")
  end
  return "ended"
end
