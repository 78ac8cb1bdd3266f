-- expect: ok BAD_RESULT
-- why: typed arrays whose list says another length than it has
function Run()
  local liar = setmetatable({ 1, 2, 3 }, { __len = function() return 2 ^ 30 end, __index = function() return 7 end })
  local ok, array = pcall(worker.typed_array, "d", liar)
  local _, shaped = pcall(worker.typed_array, "B", liar, { 1000, 1000 })
  return { ok and array or "refused", tostring(shaped) }
end
