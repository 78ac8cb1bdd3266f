-- The rules of a flock: `python -m demos boids`. Change a number, save, and watch.
--
-- Each step the game sends the whole flock to several instances, and each moves a part of it:
--   {flock, first, count, dt_s, width, height, danger = {x, y}}  ->  moved
-- `flock` has x, y, vx, vy of each boid (pixels, pixels a second), one after another. `moved` has
-- x, y, vx, vy and glow (0 to 1, its colour) of the boids from `first` on, counted from 0. The
-- game keeps the flock: nothing is remembered here, so a new script goes on where the old was.

local SIGHT = 26 -- pixels at which boids notice each other
local PERSONAL_SPACE = 11 -- pixels within which they are too close
local ALIGNMENT = 2.4 -- how much a boid flies the way its neighbours fly
local COHESION = 1.5 -- how much it is drawn to the middle of them
local SEPARATION = 42 -- how much it keeps its distance
local SLOWEST, FASTEST = 55, 150 -- pixels a second
local FEAR, DANGER = 900, 130 -- how much it flees from the pointer, and from how many pixels
local SHORE, TURN = 70, 420 -- pixels from the border at which it turns back, and how hard

local MOST_NEIGHBOURS = 24 -- more would change nothing that one sees

local floor, sqrt, min, max = math.floor, math.sqrt, math.min, math.max

--- Sorts the flock into cells of SIGHT: the first boid of each cell, the next one after each.
local function sort_into_cells(flock, columns, rows)
  local first, following = {}, {}
  for i = 1, #flock, 4 do
    local column = min(columns - 1, max(0, floor(flock[i] / SIGHT)))
    local row = min(rows - 1, max(0, floor(flock[i + 1] / SIGHT)))
    local cell = row * columns + column
    following[i], first[cell] = first[cell] or 0, i
  end
  return first, following
end

--- What the boid at `i` sees: how many, their mean position and velocity, the push away.
local function look_around(flock, first, following, columns, i)
  local x, y = flock[i], flock[i + 1]
  local column, row = floor(x / SIGHT), floor(y / SIGHT)
  local seen, sum_x, sum_y, sum_vx, sum_vy, push_x, push_y = 0, 0, 0, 0, 0, 0, 0
  for cell_row = row - 1, row + 1 do
    for cell = cell_row * columns + column - 1, cell_row * columns + column + 1 do
      local j = first[cell] or 0
      while j ~= 0 and seen < MOST_NEIGHBOURS do
        local dx, dy = flock[j] - x, flock[j + 1] - y
        local apart = dx * dx + dy * dy
        if j ~= i and apart < SIGHT * SIGHT then
          seen = seen + 1
          sum_x, sum_y = sum_x + dx, sum_y + dy
          sum_vx, sum_vy = sum_vx + flock[j + 2], sum_vy + flock[j + 3]
          if apart < PERSONAL_SPACE * PERSONAL_SPACE then
            local near = 1 / (sqrt(apart) + 0.5)
            push_x, push_y = push_x - dx * near, push_y - dy * near
          end
        end
        j = following[j]
      end
    end
  end
  return seen, sum_x, sum_y, sum_vx, sum_vy, push_x, push_y
end

--- Away from the border and from danger.
local function avoid(step, x, y)
  local ax = x < SHORE and TURN or x > step.width - SHORE and -TURN or 0
  local ay = y < SHORE and TURN or y > step.height - SHORE and -TURN or 0
  if step.danger then
    local dx, dy = x - step.danger[1], y - step.danger[2]
    local distance = sqrt(dx * dx + dy * dy) + 0.001
    if distance < DANGER then
      local force = FEAR * (1 - distance / DANGER) / distance
      ax, ay = ax + dx * force, ay + dy * force
    end
  end
  return ax, ay
end

function Run(step)
  local flock, dt_s = step.flock, step.dt_s
  local columns, rows = floor(step.width / SIGHT) + 1, floor(step.height / SIGHT) + 1
  local first, following = sort_into_cells(flock, columns, rows)
  local moved, n = {}, 0
  for i = 4 * step.first + 1, 4 * (step.first + step.count), 4 do
    local x, y, vx, vy = flock[i], flock[i + 1], flock[i + 2], flock[i + 3]
    local seen, sum_x, sum_y, sum_vx, sum_vy, push_x, push_y =
      look_around(flock, first, following, columns, i)
    local ax, ay = avoid(step, x, y)
    if seen > 0 then
      ax = ax + COHESION * sum_x / seen + ALIGNMENT * (sum_vx / seen - vx) + SEPARATION * push_x
      ay = ay + COHESION * sum_y / seen + ALIGNMENT * (sum_vy / seen - vy) + SEPARATION * push_y
    end
    vx, vy = vx + ax * dt_s, vy + ay * dt_s
    local speed = sqrt(vx * vx + vy * vy) + 0.001
    local wanted = min(FASTEST, max(SLOWEST, speed)) / speed
    vx, vy = vx * wanted, vy * wanted
    moved[n + 1], moved[n + 2], moved[n + 3], moved[n + 4] = x + vx * dt_s, y + vy * dt_s, vx, vy
    moved[n + 5] = min(1, seen / MOST_NEIGHBOURS)
    n = n + 5
  end
  return worker.typed_array("f", moved)
end
