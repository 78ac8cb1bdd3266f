-- expect: FAILED
-- why: os.exit would end the process
function Run()
  os.exit(0)
end
