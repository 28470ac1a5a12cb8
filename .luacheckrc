std = "lua54"
max_line_length = 100
files["spec"] = { std = "lua54+busted" }
files["examples/spec_with_mock.lua"] = { std = "lua54+busted" }
-- An option table checks itself: luacheck need not see that fields are used.
unused_secondaries = false
