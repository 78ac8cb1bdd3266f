-- expect: TIMEOUT
-- why: a jump backwards, past the instruction that counts loops
function Run()
  ::again::
  goto again
end
