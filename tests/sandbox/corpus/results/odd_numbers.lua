-- expect: ok
-- why: NaN, infinities, negative zero, and integers at every border
function Run()
  return { 0 / 0, math.huge, -math.huge, -0.0, 2 ^ 53, -2 ^ 53, 2 ^ 63, -2 ^ 63, 2 ^ 64, 2 ^ 1023, 5e-324 }
end
