dofile(debug.getinfo(1, "S").source:sub(2):match("(.*/)") .. "common.lua")

function init()
  request = from(prepare("GetItem", function(i)
    return string.format('{"TableName":"bench","Key":{"pk":{"S":"user#%07d"}}}', i)
  end))
end
