-- expect: TIMEOUT MEMORY
-- why: a reader that always has one more piece
function Run()
  while true do
    load(function() return " " end)
  end
end
