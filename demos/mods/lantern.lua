-- An innocent mod: it lights the petals around the game's pulse, many times a second.
--
-- A request is {time_s, petals}; the answer is a typed array with the length of each petal, 0 to 1.

local sin = math.sin

function Run(request)
  local lengths, time_s = {}, request.time_s
  for i = 1, request.petals do
    local turn = 2 * math.pi * i / request.petals
    local wave = sin(3 * turn + 2.1 * time_s) + 0.6 * sin(5 * turn - 3.3 * time_s)
    lengths[i] = 0.5 + 0.3 * wave
  end
  return worker.typed_array("f", lengths)
end
