-- expect: MEMORY
-- why: weak tables whose values keep their keys
function Run()
  local kept = {}
  for i = 1, math.huge do
    local weak = setmetatable({}, { __mode = "k" })
    weak[weak] = { weak, kept }
    kept[i] = weak
  end
end
