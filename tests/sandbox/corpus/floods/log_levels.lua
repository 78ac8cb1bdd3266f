-- expect: TIMEOUT
-- why: errors and warnings are limited like any other line
function Run()
  while true do
    worker.log("error", "the sky falls")
    worker.log("warning", "it fell")
    worker.log("debug", "again")
  end
end
