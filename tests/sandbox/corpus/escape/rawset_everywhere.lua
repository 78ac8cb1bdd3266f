-- expect: contained
-- why: rawset and rawget on all that is there must reach no table of the engine
function Run()
  local reached = {}
  for _, target in ipairs({ "", 1, true, print, coroutine.create(print) }) do
    if pcall(rawset, target, 1, 1) then reached[#reached + 1] = "rawset " .. type(target) end
    if pcall(rawget, target, 1) then reached[#reached + 1] = "rawget " .. type(target) end
  end
  if pcall(rawset, {}, nil, 1) then reached[#reached + 1] = "rawset nil" end
  if pcall(rawset, {}, 0 / 0, 1) then reached[#reached + 1] = "rawset NaN" end
  rawset(_G, "_G", {})
  if load("return _G")() ~= _G then reached[#reached + 1] = "another _G" end
  return #reached == 0 and "contained" or reached
end
