-- expect: TIMEOUT FAILED
-- why: table.concat over a range of 2^31
function Run()
  while true do
    local ok, problem = pcall(table.concat, { "x" }, "", -2 ^ 31, 2 ^ 31 - 1)
    if not ok then error(problem, 0) end
  end
end
