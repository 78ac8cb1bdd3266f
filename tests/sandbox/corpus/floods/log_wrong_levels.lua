-- expect: FAILED
-- why: levels that do not exist
function Run()
  for _, level in ipairs({ "critical", "", "ERROR", 40, {}, "info\0" }) do
    assert(not pcall(worker.log, level, "x"))
  end
  worker.log("fatal", "x")
end
