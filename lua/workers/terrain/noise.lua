-- Gradient noise (Perlin 2002, "Improving Noise") in two dimensions, and sums of it.

local M = {}

local floor, cos, sin = math.floor, math.cos, math.sin
local band = bit.band

local DIRECTIONS = 64
local SIZE = 256 -- lattice cells until the permutation repeats

-- Each octave is turned and grows by no whole number, so that no two repeat together and none
-- shows the directions of the lattice.
local LACUNARITY = 1.97
local TURN_COS, TURN_SIN = cos(0.6), sin(0.6)

local gradient_x, gradient_y = {}, {}
for i = 0, DIRECTIONS - 1 do
  gradient_x[i] = cos(2 * math.pi * i / DIRECTIONS)
  gradient_y[i] = sin(2 * math.pi * i / DIRECTIONS)
end

--- A permutation of 0 to 255 that depends on the seed alone; the same on each Lua machine and
--- in Python, hence a generator of its own (Park and Miller 1988).
---@param seed integer
---@return integer[] permutation from 0, twice in a row
function M.permutation(seed)
  local state = seed % 2147483646 + 1
  local values = {}
  for i = 0, SIZE - 1 do
    values[i] = i
  end
  for i = SIZE - 1, 1, -1 do
    state = state * 16807 % 2147483647
    local other = state % (i + 1)
    values[i], values[other] = values[other], values[i]
  end
  for i = 0, SIZE - 1 do
    values[SIZE + i] = values[i]
  end
  return values
end

--- Smooth noise, about -0.7 to 0.7.
local function noise(permutation, x, y)
  local left, top = floor(x), floor(y)
  local dx, dy = x - left, y - top
  left, top = band(left, 255), band(top, 255)
  local here, beside = permutation[left] + top, permutation[left + 1] + top
  local a, b = band(permutation[here], 63), band(permutation[beside], 63)
  local c, d = band(permutation[here + 1], 63), band(permutation[beside + 1], 63)
  local u = dx * dx * dx * (dx * (dx * 6 - 15) + 10)
  local v = dy * dy * dy * (dy * (dy * 6 - 15) + 10)
  local at_a = gradient_x[a] * dx + gradient_y[a] * dy
  local at_b = gradient_x[b] * (dx - 1) + gradient_y[b] * dy
  local at_c = gradient_x[c] * dx + gradient_y[c] * (dy - 1)
  local at_d = gradient_x[d] * (dx - 1) + gradient_y[d] * (dy - 1)
  local upper, lower = at_a + u * (at_b - at_a), at_c + u * (at_d - at_c)
  return upper + v * (lower - upper)
end

--- Fractal Brownian motion: octaves of noise, each finer and half as high.
function M.fbm(permutation, x, y, octaves)
  local sum, height = 0, 1
  for _ = 1, octaves do
    sum = sum + height * noise(permutation, x, y)
    x, y = x * TURN_COS - y * TURN_SIN, x * TURN_SIN + y * TURN_COS
    x, y, height = x * LACUNARITY + 17.3, y * LACUNARITY - 9.1, height * 0.5
  end
  return sum
end

--- Ridges where the noise is near 0, finer ones upon the higher parts (Musgrave 1994).
function M.ridges(permutation, x, y, octaves)
  local sum, height, weight = 0, 1, 1
  for _ = 1, octaves do
    local value = 1 - 2.2 * math.abs(noise(permutation, x, y))
    value = value > 0 and value * value * weight or 0
    weight = value > 0.5 and 1 or 2 * value
    sum = sum + height * value
    x, y = x * TURN_COS - y * TURN_SIN, x * TURN_SIN + y * TURN_COS
    x, y, height = x * LACUNARITY - 5.7, y * LACUNARITY + 12.9, height * 0.5
  end
  return sum
end

return M
