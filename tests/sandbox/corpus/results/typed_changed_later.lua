-- expect: BAD_RESULT ok
-- why: a typed array whose list changes after its shape was checked
function Run()
  local list = { 1, 2, 3, 4 }
  local array = worker.typed_array("i", list, { 2, 2 })
  list[5], list[2] = 5, nil
  return array
end
