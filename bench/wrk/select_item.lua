dofile(debug.getinfo(1, "S").source:sub(2):match("(.*/)") .. "common.lua")

function init()
  request = from(prepare("ExecuteStatement", function(i)
    return string.format('{"Statement":"SELECT * FROM bench WHERE pk = ?","Parameters":[{"S":"user#%07d"}]}', i)
  end))
end
