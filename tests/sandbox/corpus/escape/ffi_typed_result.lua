-- expect: BAD_RESULT
-- why: cdata as an element of a typed array is refused
function Run()
  local literal = load("return 1LL")
  return worker.typed_array("q", { literal and literal() or print })
end
