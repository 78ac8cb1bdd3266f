-- What the land is like at a point: how high, how wet, and so of what colour.

local noise = require("terrain.noise")
local fbm, ridges = noise.fbm, noise.ridges
local floor = math.floor

local M = {}

-- Samples from one hill, range or climate to the next.
local CONTINENT, RANGE, CLIMATE, WARP = 420, 190, 560, 340

--- How high the land is: below 0 is sea, from about 1 on snow lies.
function M.height(permutation, x, y)
  local east = fbm(permutation, x / WARP + 5.2, y / WARP + 1.3, 2)
  local south = fbm(permutation, x / WARP - 8.1, y / WARP + 7.7, 2)
  local warped_x, warped_y = x + 90 * east, y + 90 * south
  local ground = fbm(permutation, warped_x / CONTINENT, warped_y / CONTINENT, 7) + 0.06
  local inland = ground * 3.2
  if inland <= 0 then
    return ground
  elseif inland > 1 then
    inland = 1
  end
  local peaks = ridges(permutation, warped_x / RANGE + 31, warped_y / RANGE - 12, 5)
  return ground * 0.62 + 0.5 * inland * inland * peaks
end

--- How wet the climate is, 0 to 1.
function M.moisture(permutation, x, y)
  local wet = 0.5 + 0.9 * fbm(permutation, x / CLIMATE + 91, y / CLIMATE + 47, 3)
  return wet < 0 and 0 or wet > 1 and 1 or wet
end

-- From the deep sea to the snow, a row a height: the colour in a dry climate, in a wet one.
local STOPS = {
  { -0.55, 12, 32, 66, 12, 32, 66 },
  { -0.18, 20, 66, 108, 20, 66, 108 },
  { -0.03, 44, 122, 150, 44, 122, 150 },
  { 0.0, 96, 176, 178, 96, 176, 178 },
  { 0.004, 226, 208, 158, 214, 200, 150 },
  { 0.028, 212, 190, 134, 156, 176, 98 },
  { 0.07, 186, 168, 100, 98, 146, 74 },
  { 0.22, 164, 136, 84, 50, 106, 62 },
  { 0.4, 140, 112, 82, 58, 94, 64 },
  { 0.58, 118, 102, 92, 104, 104, 100 },
  { 0.8, 146, 138, 134, 142, 144, 148 },
  { 0.92, 236, 240, 247, 236, 240, 247 },
  { 1.5, 255, 255, 255, 255, 255, 255 },
}

--- A channel of the colour between two stops: `dry` and `wet` are where they keep it.
local function mix(below, above, share, wetness, dry, wet, light)
  local from = below[dry] + share * (above[dry] - below[dry])
  local to = below[wet] + share * (above[wet] - below[wet])
  local value = light * (from + wetness * (to - from))
  return value > 255 and 255 or floor(value)
end

--- The colour of land at a height, in a climate, lit by `light` (1 is level ground).
---@return integer red, integer green, integer blue
function M.colour(height, wetness, light)
  local i = 2
  while i < #STOPS and STOPS[i][1] < height do
    i = i + 1
  end
  local below, above = STOPS[i - 1], STOPS[i]
  local share = (height - below[1]) / (above[1] - below[1])
  share = share < 0 and 0 or share > 1 and 1 or share
  return mix(below, above, share, wetness, 2, 5, light),
    mix(below, above, share, wetness, 3, 6, light),
    mix(below, above, share, wetness, 4, 7, light)
end

return M
