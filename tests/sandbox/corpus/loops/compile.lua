-- expect: TIMEOUT
-- why: new code all the time: parser, constants, traces
function Run()
  local n = 0
  while true do
    n = n + 1
    load("local t = {} for i = 1, 60 do t[i] = i + " .. n .. " end return t")()
  end
end
