---Gives back what it was given.
---@param payload any
---@return any
function Run(payload)
  return payload
end
