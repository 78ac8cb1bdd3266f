-- expect: FAILED
-- why: a message that a careless logger would format
function Run()
  print("%s %d %n {0} {} ${x}")
  error("%s%s%s%n%d {0.__class__} ${jndi:x}", 0)
end
