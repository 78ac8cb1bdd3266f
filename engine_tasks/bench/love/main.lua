---Echo tasks through LÖVE's threads, in the rhythm of the scenario `echo-lua`.
---
---Each line of standard input is a number of tasks; the answer is a line with the seconds
---that these took. The arguments are the numbers of threads and of tasks in flight.

local SMALL_TASK = { id = 7, from = { 3, 4 }, to = { 120, 88 }, speed = 1.5, name = "unit-7" }

local function check_echo(answer)
  local same = answer.id == SMALL_TASK.id and answer.name == SMALL_TASK.name
  same = same and answer.speed == SMALL_TASK.speed
  for place = 1, 2 do
    same = same and answer.from[place] == SMALL_TASK.from[place]
    same = same and answer.to[place] == SMALL_TASK.to[place]
  end
  assert(same, "not an echo")
end

---@return number seconds
local function echo(count, window, tasks, answers)
  local begin_s = love.timer.getTime()
  local sent, answered = 0, 0
  while answered < count do
    while sent < count and sent - answered < window do
      tasks:push(SMALL_TASK)
      sent = sent + 1
    end
    for _ = 1, math.ceil((sent - answered) / 2) do
      check_echo(answers:demand())
      answered = answered + 1
    end
  end
  return love.timer.getTime() - begin_s
end

function love.run()
  local threads, window = tonumber(arg[2]), tonumber(arg[3])
  local tasks, answers = love.thread.newChannel(), love.thread.newChannel()
  local alive = {} -- a thread that nobody holds is collected
  for index = 1, threads do
    alive[index] = love.thread.newThread("echo.lua")
    alive[index]:start(tasks, answers)
  end
  for line in io.lines() do
    print(echo(tonumber(line), window, tasks, answers))
    io.flush()
  end
  os.exit(0) -- the threads wait for tasks: LÖVE would wait for them
end
