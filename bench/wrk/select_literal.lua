dofile(debug.getinfo(1, "S").source:sub(2):match("(.*/)") .. "common.lua")

-- Each statement has its key in its text, so that hardly any two are equal.
function init()
  request = from(prepare("ExecuteStatement", function(i)
    return string.format([[{"Statement":"SELECT * FROM bench WHERE pk = 'user#%07d'"}]], i)
  end))
end
