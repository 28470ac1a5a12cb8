-- Run before a program (LUA_INIT_5_4) whose server is mail.example: connections
-- to that host go to ports of this machine, by LPOP3_STAND_IN='995=PORT 110=PORT'.

local NAME = "pop3.transport.tcp"

package.preload[NAME] = function()
  local path = assert(package.searchpath(NAME, package.path))
  local connect = assert(loadfile(path))(NAME, path)
  return function(host, port, ...)
    if host == "mail.example" then
      local ports = os.getenv "LPOP3_STAND_IN"
      port = math.tointeger(ports:match("%f[%d]" .. port .. "=(%d+)"))
      host = "127.0.0.1"
    end
    return connect(host, port, ...)
  end
end
