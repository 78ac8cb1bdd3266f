-- expect: TIMEOUT
-- why: the worker's own interface turns notes into text
function Run()
  worker.progress(0.5, setmetatable({}, { __tostring = function() while true do end end }))
end
