local sqrt = math.sqrt
local SOLAR_MASS = 4 * math.pi * math.pi
local DAYS = 365.24
-- Days a step.
local STEP = 0.01

-- Place, velocity (a day), mass (of the sun): the sun, Jupiter, Saturn, Uranus, Neptune.
local BODIES = {
  { 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0 },
  { 4.841431442464721, -1.1603200440274284, -0.10362204447112311, 0.001660076642744037, 0.007699011184197404, -6.90460016972063e-05, 0.0009547919384243266 },
  { 8.34336671824458, 4.124798564124305, -0.4035234171143214, -0.00276742510726411, 0.004998528012349172, 2.3041729757376393e-05, 0.0002858859806661308 },
  { 12.894369562139131, -15.111151401698631, -0.22330757889265573, 0.002964601375647616, 0.0023784717395948095, -2.9658956854023756e-05, 4.366244043351563e-05 },
  { 15.379697114850917, -25.919314609987964, 0.17925877295037118, 0.0026806777249038932, 0.001628241700382423, -9.515922545197159e-05, 5.1513890204661145e-05 },
}

local function new_bodies()
  local bodies = {}
  for index, given in ipairs(BODIES) do
    bodies[index] = {
      x = given[1],
      y = given[2],
      z = given[3],
      vx = given[4] * DAYS,
      vy = given[5] * DAYS,
      vz = given[6] * DAYS,
      mass = given[7] * SOLAR_MASS,
    }
  end
  return bodies
end

local function pull_together(one, other)
  local dx, dy, dz = one.x - other.x, one.y - other.y, one.z - other.z
  local squared = dx * dx + dy * dy + dz * dz
  local pull = STEP / (squared * sqrt(squared))
  local to_one, to_other = other.mass * pull, one.mass * pull
  one.vx = one.vx - dx * to_one
  one.vy = one.vy - dy * to_one
  one.vz = one.vz - dz * to_one
  other.vx = other.vx + dx * to_other
  other.vy = other.vy + dy * to_other
  other.vz = other.vz + dz * to_other
end

local function step(bodies)
  local count = #bodies
  for index = 1, count - 1 do
    for later = index + 1, count do
      pull_together(bodies[index], bodies[later])
    end
  end
  for index = 1, count do
    local body = bodies[index]
    body.x = body.x + STEP * body.vx
    body.y = body.y + STEP * body.vy
    body.z = body.z + STEP * body.vz
  end
end

---Where the sun is after so many steps, and the seconds of processor time they took.
---@param steps integer
---@return { x: number, y: number, z: number, cpu_s: number }
function Run(steps)
  local bodies = new_bodies()
  local begin_s = os.clock()
  for _ = 1, steps do
    step(bodies)
  end
  local sun = bodies[1]
  return { x = sun.x, y = sun.y, z = sun.z, cpu_s = os.clock() - begin_s }
end
