-- expect: MEMORY FAILED
-- why: a __concat that doubles what it is given
function Run()
  local m = {}
  m.__concat = function(a, b) return tostring(a) .. tostring(b) end
  m.__tostring = function(self) self.text = self.text .. self.text return self.text end
  local t = setmetatable({ text = "x" }, m)
  while true do local _ = t .. t end
end
