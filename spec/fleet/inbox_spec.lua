-- pop3.inbox over PostgreSQL.

local pop3 = require "pop3"
local postgres = require "spec.support.postgres"
local specs = require "spec.support.sql_inbox"

for _, driver in ipairs { "libpq", "dbi" } do
  postgres.describe("pop3.inbox: PostgreSQL by " .. driver, function(server)
    specs(function() return server():database(), function() end end, driver)
  end)
end

postgres.describe("pop3.inbox", function(server)
  it("tells consumers that there is new mail", function()
    local url = server():database()
    local loop <close> = pop3.loop.own()
    local got
    loop:spawn(function()
      local store = pop3.state.sql { url = url, wait = loop.wait }
      assert(store:open "a")  -- it makes the tables
      assert(store:close {})
      loop:spawn(function()
        local inbox <close> = pop3.inbox { url = url, wait = loop.wait }
        while not got do
          assert(inbox:wait(300))
          got = assert(inbox:take(1))[1]
        end
        assert(inbox:done(got))
      end)
      loop:sleep(0.01)
      local mail_server = pop3.server.new { users = {
        mrose = { password = "secret", mail = { "Subject: x\r\n\r\ny\r\n" } } } }
      local s = assert(pop3.connect { transport = mail_server:loopback(),
        user = "mrose", password = "secret", wait = loop.wait })
      assert(pop3.sync(s, { state = store, account = "a", into = pop3.inbox {} }))
    end)
    loop:run()
    assert.equal("a", got.account)
  end)
end)
