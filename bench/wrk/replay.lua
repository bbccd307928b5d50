-- Sends the requests of a file in turn. Each line has an operation, a tab and the body. Prints one line of JSON at the end.
--     wrk … --latency -s replay.lua URL -- FILE

local headers = {
  ["Content-Type"] = "application/x-amz-json-1.0",
  ["X-Amz-Date"] = "20230320T000000Z",
  ["Authorization"] = "AWS4-HMAC-SHA256 Credential=local/20230320/us-east-1/dynamodb/aws4_request, "
    .. "SignedHeaders=host;x-amz-date, Signature=0",
}

-- Requests are made before the measurement starts, so that the load generator measures the server and not itself.
function init(args)
  local requests = {}
  for line in io.lines(args[1]) do
    local operation, body = line:match("^(%w+)\t(.*)$")
    headers["X-Amz-Target"] = "DynamoDB_20120810." .. operation
    requests[#requests + 1] = wrk.format("POST", "/", headers, body)
  end
  local at = 0
  request = function()
    at = at % #requests + 1
    return requests[at]
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "duration_us": %d, "bytes": %d, "p50_us": %d, "p99_us": %d, "p999_us": %d, "errors": %d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
