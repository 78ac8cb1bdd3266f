-- expect: ok BAD_RESULT
-- why: a hundred dimensions of one element: NumPy knows sixty-four
function Run()
  local shape = {}
  for i = 1, 100 do shape[i] = 1 end
  return worker.typed_array("d", { 1 }, shape)
end
