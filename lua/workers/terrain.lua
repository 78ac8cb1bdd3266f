-- Paints tiles of an endless map: `python -m demos terrain` flies over it.
--
-- A request is {seed, x, y, size, step}: the tile whose upper left corner is the point (x, y),
-- `size` pixels wide and high, with a pixel every `step` points. The answer is {pixels, tone}: RGB bytes row by row, and the tile's mean
-- colour {r, g, b}. What a tile looks like depends on the request alone, so each instance makes
-- the same one, and tiles fit together.

local land = require("terrain.land")
local noise = require("terrain.noise")

local LARGEST = 512 -- pixels
local STEEPNESS = 7 -- how much slopes are lit and shaded
local ROWS_A_LOOK = 16 -- between two looks at whether the tile is still wanted

local permutations = {} -- by seed

local function permutation_of(seed)
  local known = permutations[seed] or noise.permutation(seed)
  permutations = { [seed] = known } -- a game has one world at a time
  return known
end

local function whole(request, field)
  local value = request[field]
  if type(value) ~= "number" or value % 1 ~= 0 then
    error(("%s: expected a whole number, got %s"):format(field, tostring(value)), 0)
  end
  return value
end

--- Heights of a row of pixels, of one more at the left than the tile has.
local function heights_of(permutation, x, y, size, step)
  local row = {}
  for column = 0, size do
    row[column] = land.height(permutation, x + step * (column - 1), y)
  end
  return row
end

--- Light from the north-west; level ground and water have 1.
local function light_of(height, left, above, step)
  if height <= 0 then
    return 1
  end
  local light = 1 + STEEPNESS / step * (2 * height - math.max(left, 0) - math.max(above, 0))
  return light < 0.45 and 0.45 or light > 1.4 and 1.4 or light
end

function Run(request)
  local x, y, size = whole(request, "x"), whole(request, "y"), whole(request, "size")
  if size < 1 or size > LARGEST then
    error(("size: expected 1 to %d pixels, got %d"):format(LARGEST, size), 0)
  end
  local step = whole(request, "step")
  if step < 1 or step > size then
    error(("step: expected 1 to %d points, got %d"):format(size, step), 0)
  end
  local permutation = permutation_of(whole(request, "seed"))
  local pixels, count = {}, 0
  local reds, greens, blues = 0, 0, 0
  local above = heights_of(permutation, x, y - step, size, step)
  for row = 0, size - 1 do
    if row % ROWS_A_LOOK == 0 and worker.cancelled() then
      return nil
    end
    local here = heights_of(permutation, x, y + step * row, size, step)
    for column = 1, size do
      local height = here[column]
      local wet = land.moisture(permutation, x + step * (column - 1), y + step * row)
      local light = light_of(height, here[column - 1], above[column], step)
      local red, green, blue = land.colour(height, wet, light)
      reds, greens, blues = reds + red, greens + green, blues + blue
      count = count + 1
      pixels[count] = string.char(red, green, blue)
    end
    above = here
  end
  local tone = { math.floor(reds / count), math.floor(greens / count), math.floor(blues / count) }
  return { pixels = worker.bytes(table.concat(pixels)), tone = tone }
end
