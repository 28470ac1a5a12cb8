-- Files that appear whole or not at all (csrc/bind/os/lfile.c).

local core = require "pop3.core"
local tempdir = require "spec.support.tempdir"

describe("an outfile", function()
  local dir

  before_each(function() dir = tempdir() end)
  after_each(function() getmetatable(dir).__close(dir) end)

  local function new(name)
    return assert(core.outfile(dir.path .. "/" .. (name or "file"),
                               dir.path .. "/temp"))
  end

  it("appears with commit, and replaces a file of its name", function()
    for _, sync in ipairs { false, true } do
      local file = new()
      assert(file:write "a whole ")
      assert.same({ "temp" }, dir:names())
      assert(file:write "file")
      assert.equal(12, file:commit(sync))
      assert.same({ "file" }, dir:names())
      assert.equal("a whole file", dir:read "file")
      file:close()
      assert.same({ "file" }, dir:names())
      os.remove(dir.path .. "/file")
    end
    local file = new()
    assert(file:commit())
    file = new()
    assert(file:write "the second")
    assert(file:commit())
    assert.equal("the second", dir:read "file")
  end)

  it("leaves nothing when it is closed before", function()
    for _, finish in ipairs {
      function(file) file:close() end,
      function(file) local _ <close> = file end,
      function(file) getmetatable(file).__gc(file) end,
    } do
      local file = new()
      assert(file:write "half")
      finish(file)
      assert.same({}, dir:names())
      assert.error_matches(function() file:write "more" end, "file is closed")
      file:close()
    end
  end)

  it("leaves nothing when it cannot get its name", function()
    assert(core.mkdir(dir.path .. "/file"))
    local file = new()
    local ok, message, code = file:commit()
    assert.is_nil(ok)
    assert.matches("/file: ", message, 1, true)
    assert.equal("io", code)
    assert.same({ "file" }, dir:names())
  end)

  it("claims a name only if no file has it", function()
    local file = new()
    assert(file:write "first")
    assert.is_true(file:claim(dir.path .. "/a"))
    assert.same({ "a" }, dir:names())
    file = new()
    assert(file:write "second")
    assert.is_false(file:claim(dir.path .. "/a"))
    assert.same({ "a", "temp" }, dir:names())
    assert.is_true(file:claim(dir.path .. "/b", true))
    assert.same({ "a", "b" }, dir:names())
    assert.equal("first", dir:read "a")
    assert.equal("second", dir:read "b")
  end)

  it("does not follow a link in the place of its temporary name", function()
    local aim = dir.path .. "/aim"
    assert(os.execute("ln -s '" .. aim .. "' '" .. dir.path .. "/temp'"))
    local file, message, code = core.outfile(dir.path .. "/file",
                                             dir.path .. "/temp")
    assert.is_nil(file)
    assert.matches("File exists", message)
    assert.equal("io", code)
    assert.is_nil((core.stat(aim)))
  end)

  it("takes no path with a NUL", function()
    for _, pair in ipairs {
      { dir.path .. "/a\0b", dir.path .. "/temp" },
      { dir.path .. "/a", dir.path .. "/te\0mp" },
    } do
      local file, _, code = core.outfile(pair[1], pair[2])
      assert.is_nil(file)
      assert.equal("io", code)
    end
    local file <close> = new()
    local ok, _, code = file:claim(dir.path .. "/a\0b")
    assert.is_nil(ok)
    assert.equal("io", code)
    assert.same({ "temp" }, dir:names())
  end)
end)
