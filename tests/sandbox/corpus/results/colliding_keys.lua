-- expect: ok BAD_RESULT
-- why: keys that are the same once they are Python's
function Run()
  return {
    [1] = "number", ["1"] = "text", [worker.int("18446744073709551615")] = 1,
    [worker.int("18446744073709551615")] = 2, [worker.bytes("x")] = 3, [worker.bytes("x")] = 4,
  }
end
