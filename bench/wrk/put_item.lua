dofile(debug.getinfo(1, "S").source:sub(2):match("(.*/)") .. "common.lua")

function init()
  local text = string.rep("y", 100)
  request = from(prepare("PutItem", function(i)
    return string.format('{"TableName":"bench","Item":{"pk":{"S":"user#%07d"},"n":{"N":"%d"},"text":{"S":"%s"}}}', i, i, text)
  end))
end
