-- expect: ok
-- why: widths and precisions far beyond reason are errors or short
function Run()
  for _, form in ipairs({ "%999999999d", "%.999999999d", "%.999999999f", "%999999999s", "%099999999999x" }) do
    local ok, text = pcall(string.format, form, 1)
    assert(not ok or #text < 1000)
  end
  assert(#("%99.99f"):format(1e308) < 1000)
  return "ended"
end
