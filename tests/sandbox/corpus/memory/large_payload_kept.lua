-- expect: ok MEMORY
-- why: keeps every payload it ever got
-- turns: 10
-- payload_kb: 8000
kept = {}
function Run(payload)
  kept[#kept + 1] = payload
  return #kept
end
