-- One table for all runs: what is measured is compiled loops, not the collector.
local is_composite = {}

---Counts the primes below `limit`, `rounds` times.
---@param task { limit: integer, rounds: integer }
---@return { primes: integer, cpu_s: number }
function Run(task)
  local begin_s = os.clock()
  local last, primes = task.limit - 1, 0
  for _ = 1, task.rounds do
    primes = 0
    for number = 1, last do
      is_composite[number] = false
    end
    for number = 2, last do
      if not is_composite[number] then
        primes = primes + 1
        for multiple = number * number, last, number do
          is_composite[multiple] = true
        end
      end
    end
  end
  return { primes = primes, cpu_s = os.clock() - begin_s }
end
