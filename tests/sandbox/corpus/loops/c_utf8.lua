-- expect: TIMEOUT
-- why: utf8 functions over megabytes
function Run()
  local text = ("\195\164"):rep(4000000)
  while true do
    utf8.len(text)
    utf8.offset(text, 3999999)
    for _ in utf8.codes(text) do end
  end
end
