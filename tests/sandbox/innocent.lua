-- The worker beside the hostile ones: small tasks, one each frame.
function Run(task)
  return { square = task.number * task.number }
end
