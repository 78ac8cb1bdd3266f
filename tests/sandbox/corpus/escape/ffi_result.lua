-- expect: BAD_RESULT
-- why: cdata in a result is refused with its place
function Run()
  local literal = load("return 1LL")
  return { units = { { hp = literal and literal() or print } } }
end
