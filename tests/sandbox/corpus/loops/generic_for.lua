-- expect: TIMEOUT
-- why: an iterator without an end
function Run()
  for _ in function() return 1 end do end
end
