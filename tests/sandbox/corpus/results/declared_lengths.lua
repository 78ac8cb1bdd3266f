-- expect: ok BAD_RESULT
-- why: declared lengths of every kind
function Run()
  local kept = {}
  for _, count in ipairs({ -1, 1.5, 0 / 0, math.huge, -math.huge, 2 ^ 32, 2 ^ 53, "3" }) do
    local ok, list = pcall(worker.array, { 1 }, count)
    if ok then kept[#kept + 1] = list end
  end
  return { #kept, kept }
end
