---Gives back what it was given, but never returns from "forever", and says when it began.
---@param payload any
---@return any
function Run(payload)
  if payload ~= "forever" then
    return payload
  end
  worker.progress(0)
  while true do
  end
end
