-- expect: TIMEOUT
-- why: load calls a reader that never returns
function Run()
  while true do
    load(function() while true do end end)
  end
end
