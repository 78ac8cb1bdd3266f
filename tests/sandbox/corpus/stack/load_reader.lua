-- expect: FAILED ok
-- why: a reader that calls load
-- memory_mb: 128
local function down() return (assert(load(down))) end
function Run()
  assert(load(down))
  return "ended"
end
