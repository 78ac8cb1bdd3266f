-- expect: ok
-- why: strings that are no text travel as bytes, also as keys
function Run()
  return { "\255\254", "\237\160\128", "\192\128", "\244\144\128\128", ["\255"] = "\255", ["\0"] = "\0" }
end
