// The frame of the page: the token, the views, and the request "watch", which
// tells what is new as soon as there is something.

import { ask, setToken, takeToken, token } from "./api.js";
import { byId, count, show, tabs, visible } from "./dom.js";
import * as dialogue from "./dialogue.js";
import * as faults from "./faults.js";
import * as mail from "./mail.js";
import * as verify from "./verify.js";

const WAIT = 25;        // seconds that a request "watch" waits for something new
const PAUSE = 150;      // milliseconds between two of them
const GAP = 500;        // milliseconds between two looks at everything else
const RETRY = 2000;     // milliseconds after a failure

const pause = time => new Promise(done => setTimeout(done, time));

function setStatus(text, kind) {
  const status = byId("status");
  status.textContent = text;
  status.className = "status " + kind;
}

function notice(text) {
  byId("notice").textContent = text || "";
  show(byId("notice"), Boolean(text));
}

// Report a failure of something that the user did.
window.addEventListener("unhandledrejection", event => {
  event.preventDefault();
  notice(visible(event.reason && event.reason.message || event.reason));
});

// Ask for the token until one is given.
function askToken(problem) {
  const dialog = byId("ask-token");
  byId("token-error").textContent = problem;
  byId("token").value = "";
  dialog.showModal();
  return new Promise(done => {
    dialog.addEventListener("close", () => {
      setToken(byId("token").value);
      done();
    }, { once: true });
  });
}

async function showStats() {
  const stats = await ask("stats");
  byId("address").textContent = stats.host + ":" + stats.port;
  byId("tls").textContent = stats.cafile ? "TLS" : "no TLS";
  const host = byId("address").textContent;
  document.title = "pop3 serve " + host;
  verify.update(stats);
}

// What may have changed is asked for again, but not more often than this, since the
// server has to look into the maildrops.
function seldom(f) {
  let running = false, again = false;
  return async () => {
    if (running) { again = true; return; }
    running = true;
    try {
      do {
        again = false;
        await f();
        await pause(GAP);
      } while (again);
    } finally { running = false; }
  };
}

const refresh = seldom(async () => {
  await Promise.all([showStats(), faults.update(), mail.update()]);
});

async function watch() {
  let since, first = true;
  for (;;) {
    try {
      const news = await ask("watch", { since, seconds: first ? 0 : WAIT });
      since = news.since;
      setStatus(news.sessions.length
        ? count(news.sessions.length, "session") + " open" : "listening", "good");
      if (first || news.reset) dialogue.begin(!first);
      dialogue.add(news);
      first = false;
      notice("");
      refresh();
      await pause(PAUSE);
    } catch (error) {
      if (error.code === "auth") {
        setStatus("no token", "bad");
        await askToken(token() ? "The token is wrong." : "");
      } else {
        setStatus("no connection", "bad");
        notice(visible(error.message));
        await pause(RETRY);
      }
    }
  }
}

takeToken();
const views = ["dialogue", "mail", "faults", "verify"];
const choose = tabs(document.querySelector(".bar .tabs"), panel => {
  if (location.hash !== "#" + panel) history.replaceState(null, "", "#" + panel);
  if (panel === "dialogue") dialogue.shown();
});
function fromHash() {
  const wanted = location.hash.slice(1);
  choose("tab-" + (views.includes(wanted) ? wanted : views[0]));
}
window.addEventListener("hashchange", () => {
  if (views.includes(location.hash.slice(1))) fromHash();
});
dialogue.start();
mail.start();
faults.start();
verify.start();
fromHash();
watch();
