dofile(debug.getinfo(1, "S").source:sub(2):match("(.*/)") .. "common.lua")

-- Each request changes its item: a put of the same item costs less.
local function round(letter)
  local text = string.rep(letter, 100)
  return prepare("PutItem", function(i, at)
    return string.format('{"TableName":"bench","Item":{"pk":{"S":"user#%07d"},"n":{"N":"%d"},"text":{"S":"%s"}}}', i, at, text)
  end)
end

function init()
  local requests = round("y")
  for _, one in ipairs(round("z")) do requests[#requests + 1] = one end
  request = from(requests)
end
