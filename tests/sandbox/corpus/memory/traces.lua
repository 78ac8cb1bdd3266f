-- expect: ok TIMEOUT MEMORY
-- why: endless new hot loops fill a compiler's trace memory, which is not Lua's
-- timeout_s: 2
function Run()
  for i = 1, 3000 do
    local chunk = load("local n = 0 for i = 1, 200 do if i % 3 == 0 then n = n + " .. i .. " else n = n - 1 end end return n")
    chunk()
  end
  return "ended"
end
