-- expect: TIMEOUT
-- why: the plainest loop there is
function Run()
  while true do end
end
