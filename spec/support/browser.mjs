// Chromium without a window, driven by the DevTools protocol over a pipe: for
// the tests of the page of "pop3 serve". Needs node alone.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PATIENCE = 60000;   // milliseconds that only a broken page takes

export class Browser {
  static async start(program = "chromium") {
    const self = new Browser();

    self.folder = mkdtempSync(join(tmpdir(), "lpop3-browser-"));
    self.process = spawn(program, [
      "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
      "--no-first-run", "--disable-background-networking", "--disable-sync",
      "--disable-component-update", "--disable-default-apps", "--disable-extensions",
      "--disable-dev-shm-usage", "--no-proxy-server", "--hide-scrollbars",
      "--log-net-log=" + self.folder + "/net.json", "--net-log-capture-mode=Everything",
      "--user-data-dir=" + self.folder, "about:blank",
    ], { stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
         env: { ...process.env, HOME: self.folder } });
    self.said = "";
    self.process.stderr.on("data", octets => {
      self.said = (self.said + octets).slice(-4000);
    });
    self.ended = new Promise(done => self.process.once("exit", done));
    self.next = 1;
    self.waiting = new Map();
    self.listeners = [];
    let rest = Buffer.alloc(0);
    self.process.stdio[4].on("data", octets => {
      rest = Buffer.concat([rest, octets]);
      for (let end; (end = rest.indexOf(0)) >= 0; rest = rest.subarray(end + 1)) {
        self.receive(JSON.parse(rest.subarray(0, end).toString()));
      }
    });
    self.ended.then(() => {
      for (const { failed } of self.waiting.values()) {
        failed(new Error("chromium has ended: " + self.said));
      }
    });
    return self;
  }

  receive(message) {
    const waiting = this.waiting.get(message.id);
    if (waiting) {
      this.waiting.delete(message.id);
      if (message.error) waiting.failed(new Error(message.error.message));
      else waiting.done(message.result);
    } else for (const listener of this.listeners) listener(message);
  }

  send(method, params = {}, sessionId) {
    const id = this.next++;
    return new Promise((done, failed) => {
      this.waiting.set(id, { done, failed });
      this.process.stdio[3].write(JSON.stringify({ id, method, params, sessionId })
                                  + "\0");
    });
  }

  async page(options = {}) {
    const { browserContextId } = await this.send("Target.createBrowserContext");
    const { targetId } = await this.send("Target.createTarget",
                                         { url: "about:blank", browserContextId });
    const { sessionId } = await this.send("Target.attachToTarget",
                                          { targetId, flatten: true });
    const page = new Page(this, sessionId, targetId);
    page.context = browserContextId;
    await page.begin(options);
    return page;
  }

  // Ends it. Returns its log of the network, as text.
  async close() {
    this.send("Browser.close").catch(() => {});
    await this.ended;
    const log = readFileSync(this.folder + "/net.json", "utf8");
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    return log;
  }
}

class Page {
  constructor(browser, sessionId, targetId) {
    Object.assign(this, { browser, sessionId, targetId });
    this.requests = [];     // URLs that were asked for, in frames too
    this.problems = [];     // errors of scripts and violations of the policy
    this.sessions = new Set([sessionId]);
  }

  async begin({ width = 1280, height = 800, dark = false }) {
    this.browser.listeners.push(message => this.event(message));
    await this.enable(this.sessionId);
    await this.send("Emulation.setDeviceMetricsOverride",
      { width, height, deviceScaleFactor: 1, mobile: width < 600 });
    await this.send("Emulation.setEmulatedMedia", { features: [
      { name: "prefers-color-scheme", value: dark ? "dark" : "light" }] });
  }

  async enable(session) {
    const send = (method, params) => this.browser.send(method, params, session);
    await Promise.all([send("Page.enable"), send("Runtime.enable"), send("Log.enable"),
      send("Network.enable"), send("Target.setAutoAttach", { autoAttach: true,
        waitForDebuggerOnStart: true, flatten: true })]);
  }

  event({ method, params, sessionId }) {
    if (!this.sessions.has(sessionId)) return;
    if (method === "Target.attachedToTarget") {   // a frame in its own process
      const inner = params.sessionId;
      this.sessions.add(inner);
      this.enable(inner).catch(() => {}).then(() =>
        this.browser.send("Runtime.runIfWaitingForDebugger", {}, inner))
        .catch(() => {});
    } else if (method === "Network.requestWillBeSent") {
      this.requests.push(params.request.url);
    } else if (method === "Runtime.exceptionThrown") {
      const { exceptionDetails: e } = params;
      this.problems.push(e.exception?.description || e.text);
    } else if (method === "Log.entryAdded" && params.entry.level === "error") {
      this.problems.push(params.entry.text);
    }
  }

  send(method, params) {
    return this.browser.send(method, params, this.sessionId);
  }

  async open(url) {
    await this.send("Page.navigate", { url });
    await this.until("document.readyState === 'complete'");
  }

  async evaluate(expression, session = this.sessionId) {
    const { result, exceptionDetails: e } = await this.browser.send("Runtime.evaluate",
      { expression, awaitPromise: true, returnByValue: true }, session);
    if (e) throw new Error(e.exception?.description || e.text);
    return result.value;
  }

  // Wait until an expression is true; its value.
  async until(expression) {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const value = await this.evaluate(expression).catch(error => {
        if (/navigat|context/i.test(error.message)) return undefined;
        throw error;
      });
      if (value) return value;
      if (Date.now() > deadline) {
        throw new Error(`never true: ${expression}\n${this.problems.join("\n")}\n`
          + await this.evaluate("document.body.innerText"));
      }
      await new Promise(done => setTimeout(done, 20));
    }
  }

  // The text of the first element; "" if there is no element.
  text(selector) {
    return this.evaluate(
      `document.querySelector(${JSON.stringify(selector)})?.textContent ?? ""`);
  }

  // Wait until an element is in the frame of the page.
  async framed(selector) {
    const deadline = Date.now() + PATIENCE;
    const expression = `document.readyState === "complete" && Boolean(
      document.querySelector(${JSON.stringify(selector)}))`;
    for (;;) {
      for (const session of this.sessions) {
        const there = await this.evaluate(expression, session).catch(() => false);
        if (there && session !== this.sessionId) return;
      }
      if (Date.now() > deadline) throw new Error("never in a frame: " + selector);
      await new Promise(done => setTimeout(done, 20));
    }
  }

  // Click in the middle of an element, as a mouse does.
  async click(selector) {
    const { x, y } = await this.until(`(async () => {
      const e = document.querySelector(${JSON.stringify(selector)});
      if (!e || e.disabled) return;
      e.scrollIntoView({ block: "nearest" });
      const middle = () => {
        const r = e.getBoundingClientRect();
        return { x: r.x + r.width / 2, y: r.y + r.height / 2, width: r.width };
      };
      const before = middle();
      for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);
      const { x, y, width } = middle();
      const top = document.elementFromPoint(x, y);
      return width && x === before.x && y === before.y && e.isConnected
        && (e.contains(top) || top?.contains(e)) && { x, y };
    })()`);
    await this.send("Input.dispatchMouseEvent", { type: "mouseMoved", x, y });
    for (const type of ["mousePressed", "mouseReleased"]) {
      await this.send("Input.dispatchMouseEvent",
                      { type, x, y, button: "left", clickCount: 1 });
    }
  }

  async type(selector, text) {
    await this.evaluate(`document.querySelector(${JSON.stringify(selector)}).focus()`);
    await this.send("Input.insertText", { text });
  }

  async key(key, code = key) {
    const keyCode = { Tab: 9, Enter: 13, ArrowRight: 39, ArrowLeft: 37, ArrowDown: 40,
                      ArrowUp: 38, Home: 36, End: 35 }[key];
    for (const type of ["keyDown", "keyUp"]) {
      await this.send("Input.dispatchKeyEvent", { type, key, code,
        windowsVirtualKeyCode: keyCode, text: key === "Enter" ? "\r" : undefined });
    }
  }

  async picture() {
    const { data } = await this.send("Page.captureScreenshot", { format: "png" });
    return Buffer.from(data, "base64");
  }

  // Wait until a problem is reported that matches.
  async problem(pattern) {
    const deadline = Date.now() + PATIENCE;
    while (!this.problems.some(text => pattern.test(text))) {
      if (Date.now() > deadline) {
        throw new Error(`no problem ${pattern} in\n${this.problems.join("\n")}`);
      }
      await new Promise(done => setTimeout(done, 20));
    }
  }

  // Drop files on the middle of an element.
  async drop(selector, files) {
    const { x, y } = await this.evaluate(`(() => {
      const r = document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect();
      return { x: r.x + r.width / 2, y: r.y + r.height / 2 };
    })()`);
    const data = { items: [], files, dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"]) {
      await this.send("Input.dispatchDragEvent", { type, x, y, data });
    }
  }

  close() {
    return this.browser.send("Target.closeTarget", { targetId: this.targetId });
  }
}
