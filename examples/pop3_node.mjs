// A helper for node:test: a POP3 server for tests of a mail program.
//
//     node --test examples/pop3_node.mjs
//
// Copy this file beside your tests, and import pop3Server from it. The server is
// `pop3 serve`, a process for each test: one user, mrose with the password
// secret, without mail.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import test from "node:test";
import { fileURLToPath } from "node:url";

class Pop3Server {
  // `options` are those of pop3 serve.
  async start(options) {
    this.process = spawn("pop3", ["serve", "--tie-to-parent",
      "--control", "tcp:127.0.0.1:0", ...options],
      { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: this.process.stdout });
    const ready = await new Promise((resolve, reject) => {
      lines.once("line", resolve);
      this.process.once("error", reject);
      this.process.once("exit", (status) =>
        reject(new Error(`pop3 serve ended with status ${status}`)));
    });
    const fields = Object.fromEntries(ready.split(" ").slice(1)
      .map((word) => [word.split("=", 1)[0], word.slice(word.indexOf("=") + 1)]));
    Object.assign(this, fields, { port: Number(fields.port) });
    return this;
  }

  // A request of pop3.server.control; the fields of its answer.
  async ask(request, fields) {
    const response = await fetch(`http://${this.control}/requests`, {
      method: "POST", headers: { Authorization: `Bearer ${this.token}` },
      body: JSON.stringify({ do: request, ...fields }),
    });
    const answer = await response.json();
    if (!answer.ok) throw new assert.AssertionError({ message: answer.error });
    return answer;
  }

  deliver(mail, user = "mrose") { return this.ask("deliver", { user, mail }); }
  fault(fault) { return this.ask("fault", { fault }); }
  verify(...commands) { return this.ask("verify", { commands }); }

  async stop() {
    const ended = once(this.process, "exit");
    this.process.kill("SIGTERM");
    return (await ended)[0];
  }
}

/** A server that stops at the end of the test `t`. */
export async function pop3Server(t, ...options) {
  const server = await new Pop3Server().start(options);
  t.after(() => server.stop());
  return server;
}

// The program under test: the unique-ids of a maildrop.
async function uniqueIds(port) {
  const socket = connect(port, "127.0.0.1");
  socket.end("USER mrose\r\nPASS secret\r\nUIDL\r\nQUIT\r\n");
  let text = "";
  for await (const octets of socket) text += octets;
  const list = /\+OK[^\n]*\n((?:\d+ .*\r\n)*)\.\r\n/.exec(text);
  if (!list) throw new Error("the listing has no end");
  return list[1].split("\r\n").slice(0, -1).map((line) => line.split(" ")[1]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  test("a listing that is cut is an error", async (t) => {
    const pop3 = await pop3Server(t);
    await pop3.deliver("Subject: hi\r\n\r\nhello\r\n");
    await pop3.fault({ verb: "UIDL", times: 1, cut: { lines: 0 } });
    await assert.rejects(uniqueIds(pop3.port), /has no end/);
    assert.equal((await uniqueIds(pop3.port)).length, 1);
    const session = ["USER mrose", "PASS ***", "UIDL", "QUIT"];
    await pop3.verify("USER mrose", "PASS ***", "UIDL", ...session);
  });
}
