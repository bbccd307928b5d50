-- Sends requests to a table of many items of 1 KB, and makes each when it is sent. Prints one line of JSON at the end.
--     wrk -t1 … --latency -s size.lua URL -- load ITEMS       BatchWriteItem of 25; prints "loaded" when all are written, and starts again
--     wrk -t1 … --latency -s size.lua URL -- get ITEMS        GetItem of random items
--     wrk -t1 … --latency -s size.lua URL -- put ITEMS        PutItem that replaces random items

local ffi = require("ffi")

local ITEMS = 25  -- of a BatchWriteItem
local REQUESTS = 64
local DIGITS = 9

local headers = {
  ["Content-Type"] = "application/x-amz-json-1.0",
  ["X-Amz-Date"] = "20230320T000000Z",
  ["Authorization"] = "AWS4-HMAC-SHA256 Credential=local/20230320/us-east-1/dynamodb/aws4_request, "
    .. "SignedHeaders=host;x-amz-date, Signature=0",
}
local letters = {}
for at = 1, 2 ^ 20 do letters[at] = string.char(97 + math.random(0, 25)) end
letters = table.concat(letters)

local function key(number)
  return string.format('"pk":{"S":"user#%0' .. DIGITS .. 'd"}', number)
end

-- An item with some 1 KB of text that does not compress.
local function item(number, version)
  local from = number * 7919 % (#letters - 900) + 1
  return string.format('{%s,"n":{"N":"%d"},"text":{"S":"%s"}}', key(number), version, letters:sub(from, from + 899))
end

local function send(operation, body)
  headers["X-Amz-Target"] = "DynamoDB_20120810." .. operation
  return wrk.format("POST", "/", headers, body)
end

-- A BatchWriteItem with placeholders for its keys, at `places`.
local function batch()
  local puts = {}
  for _ = 1, ITEMS do puts[#puts + 1] = '{"PutRequest":{"Item":' .. item(math.random(0, 10 ^ 6), 0) .. "}}" end
  local text = send("BatchWriteItem", '{"RequestItems":{"size":[' .. table.concat(puts, ",") .. "]}}")
  local request = { length = #text, bytes = ffi.new("uint8_t[?]", #text), places = {} }
  ffi.copy(request.bytes, text, #text)
  for place in text:gmatch("user#()") do request.places[#request.places + 1] = place - 1 end
  return request
end

local function write_number(digits, number)
  for place = DIGITS - 1, 0, -1 do
    digits[place] = 48 + number % 10
    number = math.floor(number / 10)
  end
end

local make = {
  load = function(items)
    -- Each request is one of a few made before, with new keys written into it: making it anew took the load generator a
    -- quarter of the server's time.
    local requests = {}
    for _ = 1, REQUESTS do requests[#requests + 1] = batch() end
    local at = 0
    -- A request is made before the connection's previous one is answered, so count some more requests.
    local last = items + 100 * ITEMS
    return function()
      if at >= last then
        io.write("loaded\n")
        io.flush()
        last = math.huge
      end
      local request = requests[math.random(#requests)]
      for _, place in ipairs(request.places) do
        write_number(request.bytes + place, at % items)
        at = at + 1
      end
      return ffi.string(request.bytes, request.length)
    end
  end,
  get = function(items)
    return function() return send("GetItem", '{"TableName":"size","Key":{' .. key(math.random(0, items - 1)) .. "}}") end
  end,
  put = function(items)
    local version = 0
    return function()
      version = version + 1
      return send("PutItem", '{"TableName":"size","Item":' .. item(math.random(0, items - 1), version) .. "}")
    end
  end,
}

function init(args)
  math.randomseed(1)
  request = make[args[1]](tonumber(args[2]))
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d, "max_us": %d, "errors": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
