-- expect: contained
-- why: tables that change while next, pairs, sort, concat and move walk them
function Run()
  for _ = 1, 50 do
    local t = {}
    for i = 1, 300 do t[i] = i t["k" .. i] = i end
    pcall(function()
      for key in pairs(t) do
        t[key] = nil
        t["new" .. tostring(key)] = 1
        if #tostring(key) > 40 then break end
      end
    end)
    local list = {}
    for i = 1, 300 do list[i] = i end
    pcall(table.sort, list, function(x, y)
      for i = 1, 300 do list[i] = nil end
      return x < y
    end)
    pcall(string.gsub, ("x"):rep(100), "x", function() table.clear(t) end)
    pcall(next, t, "gone")
  end
  return "contained"
end
