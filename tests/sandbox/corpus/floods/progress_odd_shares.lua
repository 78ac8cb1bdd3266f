-- expect: ok FAILED
-- why: NaN, infinities and shares far outside
function Run()
  for _, share in ipairs({ 0 / 0, math.huge, -math.huge, -1, 2, 1e308, -0.0, 1.0000001 }) do
    pcall(worker.progress, share, "odd")
  end
  return "ended"
end
