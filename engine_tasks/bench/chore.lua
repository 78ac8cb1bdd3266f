---Keeps a core busy for `task.steps` of the Park-Miller generator, and gives the task back.
---@param task { steps: integer, name: string }
---@return { steps: integer, name: string }
function Run(task)
  local state = 1
  for _ = 1, task.steps do
    state = state * 16807 % 2147483647
  end
  return task
end
