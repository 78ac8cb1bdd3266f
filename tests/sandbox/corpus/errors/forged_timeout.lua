-- expect: FAILED
-- why: the words of the deadline, thrown by the script
function Run() error("the task's time is over", 0) end
