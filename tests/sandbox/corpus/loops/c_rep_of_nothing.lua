-- expect: ok
-- why: Lua 5.4 counts to 1e15 to repeat an empty string
function Run()
  assert((""):rep(1e15) == "")
  assert((""):rep(1e15, "") == "")
  assert(string.rep("", 2 ^ 53) == "")
  return "ended"
end
