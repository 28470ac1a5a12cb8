// Tests of the page of "pop3 serve" in Chromium. page_spec.lua runs this program;
// it prints "ok NAME" or "not ok NAME" for each test, and what went wrong.
//
//    node spec/interop/page.mjs [WORD of the names to run]

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Browser } from "../support/browser.mjs";
import * as mails from "./page_mail.mjs";

const folder = mkdtempSync(join(tmpdir(), "lpop3-page-"));
const LOG = "the browser's log of the network names no other host";
const tests = [];
const test = (name, f) => tests.push({ name, f });

let browser, trap;

// A host that no mail may reach: it counts connections.
function setTrap() {
  return new Promise(done => {
    const server = net.createServer(socket => {
      server.count += 1;
      socket.destroy();
    });
    server.count = 0;
    server.listen(0, "127.0.0.2", () => {
      server.url = "http://127.0.0.2:" + server.address().port;
      done(server);
    });
  });
}

// Start "pop3 serve" with messages, and ask it.
async function serve(messages = [], options = []) {
  const paths = messages.map((octets, i) => {
    const path = join(folder, `${i + 1}.eml`);
    writeFileSync(path, octets);
    return path;
  });
  const child = spawn("lua5.4", ["lua/bin/pop3", "serve", "--tie-to-parent",
    "--control", "tcp:127.0.0.1:0", ...options,
    ...(paths.length ? ["--mail", ...paths] : [])],
    { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise(done => child.once("exit", done));
  const line = await new Promise(done => child.stdout.once("data", octets =>
    done(String(octets))));
  const field = name => new RegExp(` ${name}=(\\S+)`).exec(line)?.[1];
  const url = "http://" + field("control") + "/";
  const token = field("token");
  const self = { url, token, port: Number(field("port")), at: url + "#token=" + token };
  self.ask = async (name, fields = {}) => {
    const response = await fetch(url + "requests", { method: "POST",
      headers: { Authorization: "Bearer " + token },
      body: JSON.stringify({ do: name, ...fields }) });
    return response.json();
  };
  self.stop = () => { child.kill(); return ended; };
  return self;
}

// A POP3 session: each command waits for its status line.
async function session(port, commands) {
  const socket = net.connect(port, "127.0.0.1");
  let text = "", wake = () => {};
  socket.on("data", octets => { text += octets; wake(); });
  socket.on("close", () => { socket.gone = true; wake(); });
  socket.on("error", () => {});
  const line = async () => {
    while (!text.includes("\r\n") && !socket.gone) await new Promise(f => { wake = f; });
    text = "";
  };
  await line();
  for (const command of commands) {
    socket.write(command + "\r\n");
    await line();
  }
  return socket;
}

async function open(server, options) {
  const page = await browser.page(options);
  await page.open(server.at);
  await page.until("document.querySelector('#status').className.includes('good')"
                   + " && document.querySelector('#address').textContent !== ''");
  return page;
}

const has = (selector, text) => `[...document.querySelectorAll(${JSON.stringify(
  selector)})].some(e => e.textContent.includes(${JSON.stringify(text)}))`;

async function read(page, number, subject) {
  await page.click("#tab-mail");
  await page.click(`[data-number="${number}"]`);
  await page.until(has("#subject", subject));
}

// ------------------------------------------------------------------- the token

test("asks for the token, and keeps it out of addresses", async () => {
  const server = await serve();
  const page = await browser.page();
  await page.open(server.url);
  await page.until("document.querySelector('#ask-token').open");
  await page.type("#token", "wrong");
  await page.key("Enter");
  await page.until(has("#token-error", "wrong"));
  await page.type("#token", server.token);
  await page.key("Enter");
  await page.until(has("#status", "listening"));
  await page.send("Page.reload");
  await page.until(has("#status", "listening"));
  assert.ok(!page.requests.some(url => url.includes(server.token)));
  assert.equal(await page.evaluate("document.cookie + localStorage.length"), "0");
  const other = await open(server);
  assert.ok(!(await other.evaluate("location.href")).includes(server.token));
  assert.ok(!(await other.evaluate("history.length > 2")));
  assert.deepEqual(other.problems, []);
  await page.close();
  await other.close();
  await server.stop();
});

test("says when the server has stopped, and goes on when it can", async () => {
  const server = await serve();
  const page = await open(server);
  await server.stop();
  await page.until(has("#status", "no connection"));
  await page.until(has("#notice", "does not answer"));
  await page.close();
});

// ------------------------------------------------------------------ the dialogue

test("shows the dialogue as it goes, secrets masked", async () => {
  const server = await serve([mails.plain]);
  const page = await open(server);
  assert.match(await page.text("#no-lines"), /No client has connected/);
  const one = await session(server.port, ["USER mrose", "PASS wrong", "USER mrose",
                                          "PASS secret", "STAT"]);
  await page.until(has("#lines .refused", "-ERR [AUTH]"));
  await page.until(has("#lines .client", "STAT"));
  const text = await page.text("#lines");
  assert.ok(text.includes("PASS ***") && !text.includes("secret"));
  await page.until(has(".session-row", "transaction"));
  const two = await session(server.port, ["XBAD \x1b[31m<b>\u202e \xff", "QUIT"]);
  await page.until(has("#lines .client", "XBAD \\x1B[31m<b>⟨U+202E⟩"));
  assert.equal(await page.evaluate("document.querySelectorAll('#lines b').length"), 0);
  await page.type("#line-filter", "xbad");
  await page.until("document.querySelectorAll('#lines li').length === 1");
  await page.evaluate(`(() => { const f = document.querySelector('#line-filter');
    f.value = ""; f.dispatchEvent(new Event("input")); })()`);
  await page.click('[data-session="1"]');
  await page.until("!" + has("#lines li", "XBAD") + " && " + has("#lines li", "STAT"));
  await page.click("#drop");
  await page.until(has('[data-session="1"]', "ended"));
  await server.ask("reset");
  await page.until(has("#lines .note", "reset"));
  await session(server.port, ["NOOP"]);
  await page.until(has("#lines li", "NOOP"));
  assert.deepEqual(page.problems, []);
  one.destroy();
  two.destroy();
  await page.close();
  await server.stop();
});

test("stays usable with many lines", async () => {
  const server = await serve();
  const socket = await session(server.port, []);
  socket.resume();
  for (let i = 0; i < 200; i++) socket.write("NOOP\r\n".repeat(100));
  socket.write("XLAST\r\n");
  await server.ask("wait_for", { verb: "XLAST", seconds: 60 });
  const page = await open(server);
  await page.until(has("#skipped", "older lines not shown"));
  await page.until(has("#lines li", "XLAST"));
  for (let i = 0; i < 80; i++) socket.write("NOOP\r\n".repeat(100));
  socket.write("XEND\r\n");
  await page.until(has("#lines li", "XEND"));
  assert.ok(await page.evaluate("document.querySelectorAll('#lines li').length") <= 5000);
  assert.ok(await page.evaluate(`(() => { const l = document.querySelector('#lines');
    return l.scrollTop + l.clientHeight > l.scrollHeight - 40; })()`), "follows");
  socket.destroy();
  await page.close();
  await server.stop();
});

// ------------------------------------------------------------------------- mail

test("shows a message as pop3.message reads it", async () => {
  const server = await serve([mails.order]);
  const page = await open(server);
  await read(page, 1, "Your order 4711 ✓");
  await page.until(has("#view-text", "The invoice for 42,00 € is attached."));
  assert.match(await page.text("#summary"), /FromAnn Example <ann@shop.example>/);
  assert.match(await page.text("#attachments"), /invoice 4711.pdf.*delivery.ics/);
  await page.click("#tab-html");
  await page.until("document.querySelector('#view-html iframe')");
  await page.until("!document.querySelector('#view-html form')");
  await page.click("#tab-parts");
  await page.until(has("#view-parts tr", "1.2.1text/html; utf-8"));
  await page.click('[aria-label="Read part 3"]');
  await page.until(has("#part-text", "BEGIN:VCALENDAR"));
  await page.click("#tab-headers");
  await page.until(has("#view-headers tr", "Message-ID<4711@shop.example>"));
  await page.click("#tab-source");
  await page.until(has("#view-source pre", "Subject: =?utf-8?Q?Your_order_4711"));
  assert.deepEqual(page.problems, []);
  assert.deepEqual(page.requests.filter(url => !url.startsWith(server.url)
    && !url.startsWith("data:")), []);
  await page.close();
  await server.stop();
});

test("saves attachments by a safe name, as octets of no type", async () => {
  const server = await serve([mails.order, mails.badName]);
  const page = await open(server);
  await browser.send("Browser.setDownloadBehavior",
    { behavior: "allow", downloadPath: folder, eventsEnabled: true,
      browserContextId: page.context });
  const saved = new Promise(done => browser.listeners.push(({ method, params }) => {
    if (method === "Browser.downloadProgress" && params.state === "completed") done();
  }));
  await read(page, 1, "Your order");
  await page.click('[aria-label="Save invoice 4711.pdf"]');
  await saved;
  assert.deepEqual(readFileSync(join(folder, "invoice 4711.pdf")), mails.pdf);
  const names = [];
  browser.listeners.push(({ method, params }) => {
    if (method === "Browser.downloadWillBegin") names.push(params.suggestedFilename);
  });
  await read(page, 2, "bad name");
  await page.click("#attachments button");
  const deadline = Date.now() + 60000;
  while (!names.length && Date.now() < deadline) await new Promise(f => setTimeout(f, 20));
  assert.match(names[0], /^[^/\\\u202e\r\n\0]+$/);
  assert.ok(!existsSync("/tmp/escaped.html"));
  await page.close();
  await server.stop();
});

test("delivers what is dropped or chosen", async () => {
  const server = await serve([], ["--user", "ann:pw", "--user", "bob:pw"]);
  const page = await open(server);
  await page.click("#tab-mail");
  await page.until(has("#no-messages", "The maildrop is empty"));
  const path = join(folder, "new.eml");
  writeFileSync(path, Buffer.concat([Buffer.from("Subject: dropped\r\n\r\n"),
                                     Buffer.from([0, 255, 254, 13, 10])]));
  await page.drop("#mail", [path, path]);
  await page.until(has("#delivered", "Delivered 2 messages to ann"));
  await page.until(has('[data-number="2"]', "dropped"));
  const { mail } = await server.ask("mailbox", { user: "ann" });
  assert.deepEqual(Buffer.from(mail[1].base64, "base64"), readFileSync(path));
  await page.evaluate(`(() => { const u = document.querySelector('#user');
    u.value = "bob"; u.dispatchEvent(new Event("change")); })()`);
  const { root } = await page.send("DOM.getDocument");
  const { nodeId } = await page.send("DOM.querySelector",
    { nodeId: root.nodeId, selector: "#files" });
  await page.send("DOM.setFileInputFiles", { nodeId, files: [path] });
  await page.until(has("#delivered", "Delivered 1 message to bob"));
  await server.ask("deliver", { user: "bob", mail: "Subject: by another\r\n\r\n" });
  await page.until(has('[data-number="2"]', "by another"));
  const socket = await session(server.port, ["USER bob", "PASS pw", "DELE 1", "QUIT"]);
  await page.until("!" + has("#messages", "dropped") + " && " + has("#messages", "another"));
  socket.destroy();
  assert.deepEqual(page.problems, []);
  await page.close();
  await server.stop();
});

test("lists 10,000 messages in pages", async () => {
  const server = await serve();
  await server.ask("user", { user: "mrose", password: "x", mail: Array.from(
    { length: 10000 }, (_, i) => `Subject: number ${i + 1}\r\n\r\nhi\r\n`) });
  const page = await open(server);
  await page.click("#tab-mail");
  await page.until(has('[data-number="10000"]', "number 10000"));
  assert.equal(await page.evaluate("document.querySelectorAll('#messages li').length"),
               100);
  assert.match(await page.text("#page-range"), /9,901–10,000 of 10,000/);
  for (let i = 0; i < 3; i++) {
    await page.click("#older");
    await page.until(has("#page-range", `${(9801 - 100 * i).toLocaleString("en")}–`));
  }
  await read(page, 9650, "number 9650");
  await server.ask("deliver", { user: "mrose", mail: "Subject: newest\r\n\r\n" });
  await page.until(has("#page-range", "of 10,001"));
  assert.match(await page.text("#page-range"), /^9,601–9,700 /);
  assert.match(await page.text("#subject"), /number 9650/);
  for (let i = 0; i < 4; i++) await page.click("#newer");
  await page.until(has('[data-number="10001"]', "newest"));
  await page.close();
  await server.stop();
});

// ---------------------------------------------------------------- hostile mail

for (const [name, mail] of Object.entries(mails.hostile)) {
  test("keeps hostile mail in its frame: " + name, async () => {
    const server = await serve([mail.octets(trap.url)]);
    const page = await open(server);
    await read(page, 1, "hostile");
    const before = trap.count;
    if (mail.octets(trap.url).includes("\nContent-Type: text/html")) {
      await page.click("#tab-html");
      await page.framed(mail.framed || "style:last-of-type");
    }
    if (mail.problem) await page.problem(mail.problem);
    if (mail.click) {
      // a style shows that it has arrived
      await page.click("#view-html iframe");
      await page.framed(mail.click + ":hover, " + mail.click + ":focus");
      await page.key("Tab");
      await page.key("Enter");
    }
    for (const view of ["text", "parts", "headers", "source"]) {
      await page.click("#tab-" + view);
      await page.until(`document.querySelector("#view-${view}").textContent.length > 3`);
    }
    assert.equal(trap.count, before, "nothing reaches the other host");
    assert.equal(await page.evaluate("document.querySelectorAll('main script, "
      + "main img, main b, main a, main meta, main link').length"), 0);
    assert.equal(await page.evaluate("window.hacked"), undefined);
    assert.ok((await page.evaluate("location.href")).startsWith(server.url));
    const { targetInfos } = await browser.send("Target.getTargets");
    assert.equal(targetInfos.filter(t => t.type === "page"
      && t.browserContextId === page.context).length, 1, "no new window");
    if (mail.check) await mail.check(page, assert);
    await page.close();
    await server.stop();
  });
}

test("stays usable with 10 MB of HTML, of text, and of a header", async () => {
  const server = await serve([mails.bigHtml, mails.bigText, mails.manyFields,
                              mails.manyParts]);
  const page = await open(server);
  await read(page, 1, "big HTML");
  await page.click("#tab-html");
  await page.until(has("#view-html button", "MB of HTML"));
  assert.equal(await page.evaluate("document.querySelectorAll('iframe').length"), 0);
  await page.click("#tab-source");
  await page.until(has("#view-source", "the first 200 kB of 10 MB"));
  await read(page, 2, "big text");
  await page.click("#tab-text");
  await page.until(has("#view-text button", "Show all 10 MB"));
  assert.ok((await page.text("#view-text pre")).length <= 200000);
  await page.click("#view-text button");
  await page.until("document.querySelector('#view-text pre').textContent.length > 9e6");
  await read(page, 3, "many fields");
  await page.click("#tab-headers");
  await page.until(has("#view-headers", "more field"));
  await read(page, 4, "many parts");
  await page.click("#tab-parts");
  await page.until(has("#view-parts", "more part"));
  assert.ok(await page.evaluate("document.querySelectorAll('*').length") < 12000);
  await page.close();
  await server.stop();
});

// ------------------------------------------------------------ faults and verify

test("lists faults, adds them, and clears them", async () => {
  const server = await serve();
  const page = await open(server);
  await page.click("#tab-faults");
  await page.until(has("#no-faults", "No faults"));
  await page.type("#fault", "verb=NOOP nonsense=5");
  await page.key("Enter");
  await page.until(has("#fault-error", "nonsense"));
  await page.evaluate("document.querySelector('#fault').value = ''");
  await page.type("#fault", 'verb=NOOP reply="-ERR <b> no"');
  await page.key("Enter");
  await page.until(has(".fault", 'reply="-ERR <b> no"'));
  await page.until("document.querySelector('#fault-error').textContent === ''");
  const socket = await session(server.port, ["NOOP", "USER mrose", "PASS secret", "NOOP"]);
  await page.until(has(".fault .more", "applied 1 time"));
  await server.ask("fault", { fault: { verb: "STAT", cut: { bytes: 3, how: "rst" } } });
  await page.until(has(".fault", "cut.how=rst"));
  await page.click('[aria-label="Clear fault 1"]');
  await page.until("document.querySelectorAll('.fault').length === 1");
  assert.equal((await server.ask("faults")).faults.length, 1);
  await page.click("#fault-examples button");
  assert.match(await page.evaluate("document.querySelector('#fault').value"), /^verb=/);
  await page.click("#fault-form .strong");
  await page.until("document.querySelectorAll('.fault').length === 2");
  await page.click("#clear-faults");
  await page.until(has("#no-faults", "No faults") + " && !document.querySelector('.fault')");
  assert.deepEqual((await server.ask("faults")).faults, []);
  socket.destroy();
  assert.equal(await page.evaluate("document.querySelectorAll('main b').length"), 0);
  await page.close();
  await server.stop();
});

test("shows what verify missed as a coloured difference", async () => {
  const server = await serve();
  const page = await open(server);
  const socket = await session(server.port, ["CAPA", "USER mrose", "PASS secret",
                                             "XNEW <i>", "QUIT"]);
  await server.ask("verify", { commands: ["CAPA", "USER mrose", "PASS ***", "STAT",
                                          "QUIT"] });
  await page.until(has("#count-misses", "1"));
  await page.click("#tab-verify");
  await page.until(has("#misses .missing .said", "STAT"));
  await page.until(has("#misses .extra .said", "XNEW <i>"));
  await page.until(has("#misses .same .said", "CAPA"));
  const colours = await page.evaluate(`["missing", "extra", "same"].map(name =>
    getComputedStyle(document.querySelector("#misses .diff ." + name)).backgroundColor)`);
  assert.equal(new Set(colours).size, 3);
  assert.equal(await page.text("#misses .diff .missing .sign"), "−");
  await page.click("#take");
  assert.match(await page.evaluate("document.querySelector('#expected').value"),
               /^CAPA\nUSER mrose\nPASS \*\*\*\nXNEW <i>\nQUIT$/);
  await page.click("#verify-form .strong");
  await page.until(has("#compared", "All commands are as expected"));
  await page.type("#expected", "\nNOOP");
  await page.click("#verify-form .strong");
  await page.until(has("#compared .missing .said", "NOOP"));
  const stats = await server.ask("stats");
  assert.equal(stats.misses.length, 1, "a comparison here is no failed test");
  assert.equal(await page.evaluate("document.querySelectorAll('main i').length"), 0);
  socket.destroy();
  await page.close();
  await server.stop();
});

// ------------------------------------------------------------------ for everybody

async function busy() {
  const server = await serve([mails.plain, mails.order, mails.badName], ["--user",
    "mrose:secret", "--fault", "verb=RETR nth=2 cut.bytes=100"]);
  const socket = await session(server.port, ["USER mrose", "PASS no", "USER mrose",
    "PASS secret", "X" + "long ".repeat(300)]);
  await server.ask("verify", { commands: ["CAPA", "QUIT", "X" + "y".repeat(500)] });
  server.socket = socket;
  return server;
}

// Go through the views, and call f(name) in each.
async function everywhere(page, f) {
  await page.until(has("#lines li", "-ERR"));
  await f("dialogue");
  await read(page, 2, "Your order");
  for (const view of ["text", "html", "parts", "headers", "source"]) {
    await page.click("#tab-" + view);
    await page.until(`document.querySelector("#view-${view}").childNodes.length > 0`);
    await f("mail, " + view);
  }
  await page.evaluate("document.querySelector('#back').click()");
  await read(page, 3, "bad name");
  await f("defects");
  await page.evaluate("document.querySelector('#back').click()");
  await f("list");
  await page.click("#tab-faults");
  await page.until(has(".fault", "verb=RETR"));
  await f("faults");
  await page.click("#tab-verify");
  await page.until(has("#misses .missing", "QUIT"));
  await f("verify");
}

test("has no text of low contrast, light and dark", async () => {
  const server = await busy();
  for (const dark of [false, true]) {
    const page = await open(server, { dark });
    await everywhere(page, async view => {
      const bad = await page.evaluate(`(${contrast})()`);
      assert.deepEqual(bad, [], `${view}, ${dark ? "dark" : "light"}`);
    });
    await page.close();
  }
  server.socket.destroy();
  await server.stop();
});

// Texts whose contrast to their background is below 4.5 (WCAG 2.1, AA).
function contrast() {
  const rgb = text => (text.match(/[\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c =>
    c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const bad = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !element.getClientRects().length) continue;
    if (element.closest(":disabled, .skip, option")) continue;
    let behind = element, ground;
    while (behind && !ground) {
      const colour = rgb(getComputedStyle(behind).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) ground = colour;
      behind = behind.parentElement;
    }
    const a = light(rgb(getComputedStyle(element).color)), b = light(ground);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.push(ratio.toFixed(2) + " " + node.textContent.trim().slice(0, 40));
  }
  return bad;
}

test("fits narrow and wide windows", async () => {
  const server = await busy();
  for (const width of [320, 360, 390, 761, 1280, 2000]) {
    const page = await open(server, { width, height: 700 });
    await everywhere(page, async view => {
      const excess = await page.evaluate(`[...document.querySelectorAll("body, main, "
        + "section, .head, .card, form, .letter, .bar")].filter(e =>
          e.getClientRects().length && e.scrollWidth > e.clientWidth + 1)
        .map(e => e.id || e.className || e.tagName)`);
      assert.deepEqual(excess, [], `${view} at ${width}`);
    });
    await page.close();
  }
  server.socket.destroy();
  await server.stop();
});

test("has a name for all that can be used, and is used by keys", async () => {
  const server = await busy();
  const page = await open(server);
  await everywhere(page, async view => {
    const { nodes } = await page.send("Accessibility.getFullAXTree");
    const usable = ["button", "tab", "textbox", "searchbox", "combobox", "checkbox",
                    "spinbutton", "link", "Iframe", "listbox"];
    const nameless = nodes.filter(n => !n.ignored && usable.includes(n.role?.value)
      && !n.name?.value);
    assert.deepEqual(nameless.map(n => n.role.value), [], view);
  });
  await page.evaluate("document.querySelector('#tab-dialogue').focus()");
  await page.key("ArrowRight");
  await page.until("document.activeElement.id === 'tab-mail' && !document.querySelector("
                   + "'#mail').hidden");
  await page.key("End");
  await page.until("document.activeElement.id === 'tab-verify'");
  await page.key("ArrowRight");
  await page.key("ArrowRight");
  await page.until("document.activeElement.id === 'tab-mail'");
  // by Tab alone to the list, then to a message
  for (let i = 0; i < 12; i++) {
    await page.key("Tab");
    if (await page.evaluate("document.activeElement.dataset.number")) break;
  }
  await page.key("ArrowDown");
  const number = await page.evaluate("document.activeElement.dataset.number");
  assert.equal(number, "2");
  assert.notEqual(await page.evaluate("getComputedStyle(document.activeElement)"
                                      + ".outlineStyle"), "none");
  await page.key("Enter");
  await page.until(has("#subject", "Your order"));
  server.socket.destroy();
  await page.close();
  await server.stop();
});

// ----------------------------------------------------------------------- to run

if (process.argv[2] === "--names") {
  for (const { name } of tests) console.log(name);
  console.log(LOG);
  rmSync(folder, { recursive: true });
  process.exit(0);
}
const wanted = tests.filter(t => t.name.includes(process.argv[2] || ""));
browser = await Browser.start();
trap = await setTrap();
for (const { name, f } of wanted) {
  try {
    await f();
    console.log("ok " + name);
  } catch (error) {
    console.log("not ok " + name + "\n" + String(error.stack).replace(/^/gm, "  "));
  }
}
const log = await browser.close();
trap.close();
rmSync(folder, { recursive: true, force: true });
// the names that were resolved and the addresses that were connected to
const { constants, events } = JSON.parse(log);
const types = Object.fromEntries(Object.entries(constants.logEventTypes)
  .map(([name, number]) => [number, name]));
const reached = events.filter(e => /RESOLVER|CONNECT/.test(types[e.type]))
  .map(e => types[e.type] + " " + JSON.stringify(e.params || {}));
const foreign = reached.filter(text => /127\.0\.0\.2\b|trap\.invalid/.test(text));
console.log(foreign.length || !reached.some(text => /127\.0\.0\.1/.test(text))
  ? "not ok " + LOG + "\n  " + foreign.join("\n  ") : "ok " + LOG);
process.exit(0);
