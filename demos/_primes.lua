-- The same computation as `_primes.py`, for a Lua worker.

local function is_prime(number)
  local divisor = 2
  while divisor * divisor <= number do
    if number % divisor == 0 then
      return false
    end
    divisor = divisor + 1
  end
  return true
end

function Run(limit)
  local count = 0
  for number = 2, limit - 1 do
    if is_prime(number) then
      count = count + 1
    end
  end
  return count
end
