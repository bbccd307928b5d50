-- Requests are made before the measurement starts, so that the load generator measures the server and not itself.
local COUNT = 10000

local headers = {
  ["Content-Type"] = "application/x-amz-json-1.0",
  ["X-Amz-Date"] = "20230320T000000Z",
  ["Authorization"] = "AWS4-HMAC-SHA256 Credential=local/20230320/us-east-1/dynamodb/aws4_request, "
    .. "SignedHeaders=host;x-amz-date, Signature=0",
}

-- body(i, at) returns the body of request number `at`, for item i. Keys come in random order, the same in every call.
function prepare(operation, body)
  headers["X-Amz-Target"] = "DynamoDB_20120810." .. operation
  local requests = {}
  math.randomseed(20230320)
  for i = 1, COUNT do
    requests[i] = wrk.format("POST", "/", headers, body(math.random(0, COUNT - 1), i))
  end
  return requests
end

function from(requests)
  local at = 0
  return function()
    at = at % #requests + 1
    return requests[at]
  end
end
