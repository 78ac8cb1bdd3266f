-- expect: BAD_RESULT
-- why: bytes, instants and datetimes whose fields were changed after they were made
-- turns: 6
function Run(turn)
  local bytes, instant, local_time = worker.bytes("x"), worker.timestamp(1, 1), worker.datetime("2020-01-01T00:00:00")
  bytes.data, instant.seconds, local_time.iso = print, "x", 5
  instant.nanoseconds = -1
  local values = { bytes, instant, local_time, { bytes }, { x = instant }, { [bytes] = 1 } }
  return values[turn]
end
