-- expect: ok
-- why: the worker's table belongs to the script; the engine must not depend on it
-- turns: 2
function Run(turn)
  for name in pairs(worker or {}) do worker[name] = nil end
  if worker then
    worker.id, worker.instance, worker.name = 0, "x", print
    setmetatable(worker, { __index = function() error("mine") end, __newindex = function() error("mine") end })
    WorkerFunction.Create = nil
  end
  WorkerFunction = nil
  worker = nil
  return turn
end
