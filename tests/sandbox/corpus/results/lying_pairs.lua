-- expect: ok
-- why: __pairs, __len, __index and __next that lie: the codec asks none of them
function Run()
  local liar = setmetatable({ 1, 2, 3 }, {
    __pairs = function() return function() return 1, 1 end end,
    __ipairs = function() return function() return 1, 1 end end,
    __len = function() return 2 ^ 52 end,
    __index = function() return print end,
    __call = function() error("called") end,
    __tostring = function() error("shown") end,
    __metatable = "locked",
  })
  return { liar, { deep = liar } }
end
