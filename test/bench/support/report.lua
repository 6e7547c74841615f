-- Prints what wrk has measured as one line of JSON. Its argument is the length of the body that is sent.

function init(args)
  local length = tonumber(args[1])
  if length > 0 then
    wrk.method = 'POST'
    wrk.body = string.rep('x', length)
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"rate":%.1f,"p50":%.3f,"p99":%.3f,"errors":%d}\n',
    summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1000,
    latency:percentile(99) / 1000,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
