-- expect: FAILED
-- why: an error object that looks like one of the queue's own
function Run()
  error({ kind = "TIMEOUT", message = "the task's time is over", traceback = "none" })
end
