// The sessions, and their commands and replies as they come.

import { ask } from "./api.js";
import { byId, count, el, redraw, show, visible } from "./dom.js";

const LINES = 5000;     // lines that are kept
const SHOWN = 200;      // sessions that are listed
const KNOWN = 5000;     // sessions that are kept

let entries = [];               // { session, time, from, line, row }
let sessions = new Map();       // number → what is known of it
let chosen = 0;                 // the session that is shown; 0 for all
let filter = "";
let known = false;              // has there ever been a line?

function isShown(entry) {
  if (!entry.line && entry.note) return true;
  if (chosen && entry.session !== chosen) return false;
  return !filter || (entry.from + ": " + entry.line).toLowerCase().includes(filter)
         || (sessions.get(entry.session)?.user || "").toLowerCase() === filter;
}

function kindOf(entry) {
  if (entry.from === "C") return "client";
  return entry.line.startsWith("-") ? "refused" : "server";
}

function rowOf(entry) {
  if (entry.note) return el("li", { class: "note", text: entry.note });
  return el("li", { class: kindOf(entry) },
    el("span", { class: "time", text: entry.time.toFixed(3) }),
    el("span", { class: "session", text: "#" + Math.abs(entry.session) }),
    el("span", { class: "from", text: entry.from }),
    el("span", { class: "said", text: visible(entry.line) }));
}

// Draw all lines that are shown.
function draw() {
  const rows = [];
  for (const entry of entries) {
    entry.row = isShown(entry) ? rowOf(entry) : null;
    if (entry.row) rows.push(entry.row);
  }
  byId("lines").replaceChildren(...rows);
  follow(true);
  state();
}

function follow(always) {
  const list = byId("lines");
  if (always || byId("follow").checked) list.scrollTop = list.scrollHeight;
}

function state() {
  const session = sessions.get(chosen);
  byId("dialogue-title").textContent = !chosen ? "All sessions"
    : "Session " + chosen + (session?.user ? ", " + visible(session.user) : "");
  show(byId("drop"), Boolean(session?.open));
  const none = byId("no-lines");
  show(none, !byId("lines").firstChild);
  if (known) none.textContent = "No line matches.";
}

// ------------------------------------------------------------------- sessions

function stateText(s) {
  return s.open ? s.state || "open" : "ended";
}

function sessionRow(s) {
  const title = s.user ? visible(s.user) : "—";
  return [s.id, "row session-row",
    el("span", { class: "number", text: "#" + s.id }),
    el("span", { class: "name", text: title }),
    el("span", { class: "state " + (s.open ? "open" : "ended"), text: stateText(s) }),
    el("span", { class: "more", text: [s.peer && visible(s.peer),
      s.secure && "TLS", count(s.commands, "command")].filter(Boolean).join(" · ") }),
    s.refused ? el("span", { class: "tag bad", text: s.refused + " -ERR" }) : null];
}

function drawSessions() {
  const list = [...sessions.values()].sort((a, b) => b.id - a.id);
  const rows = list.slice(0, SHOWN).map(sessionRow);
  rows.unshift([0, "row session-row all", el("span", { class: "name", text: "All sessions" }),
    el("span", { class: "state", text: list.length.toLocaleString("en") })]);
  redraw(byId("sessions"), "data-session", rows, chosen);
  const left = list.length - SHOWN;
  show(byId("more-sessions"), left > 0);
  byId("more-sessions").textContent = left.toLocaleString("en")
    + " older ones are not listed.";
  byId("count-sessions").textContent = list.length ? list.length : "";
}

function sessionOf(id) {
  if (!sessions.has(id)) {
    sessions.set(id, { id, commands: 0, refused: 0, open: false });
  }
  return sessions.get(id);
}

// The name after USER, for sessions that ended before the page knew them.
function learn(entry) {
  const s = sessionOf(entry.session);
  if (entry.from === "C") {
    s.commands += 1;
    const name = /^(?:USER|APOP) (\S+)/i.exec(entry.line);
    if (name) s.user = name[1];
  } else if (entry.line.startsWith("-")) s.refused += 1;
}

// ------------------------------------------------------------------ from outside

// Begin: at first, or after the server was reset.
export function begin(again) {
  sessions = new Map();
  if (again && entries.length) {
    // sessions before the reset are not those of the same numbers after it
    for (const entry of entries) entry.session = -Math.abs(entry.session);
    entries.push({ note: "reset: sessions are counted from 1 again", line: "", from: "",
                   session: 0, time: 0 });
    chosen = 0;
  } else entries = [];
  draw();
}

// Add what the request "watch" told.
export function add(news) {
  const list = byId("lines");
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 40;
  if (news.skipped) {
    show(byId("skipped"), true);
    byId("skipped").textContent = count(news.skipped, "older line") + " not shown.";
  }
  const rows = [];
  for (const entry of news.transcript) {
    known = true;
    learn(entry);
    entry.row = isShown(entry) ? rowOf(entry) : null;
    if (entry.row) rows.push(entry.row);
    entries.push(entry);
  }
  const open = new Set(news.sessions.map(s => s.id));
  for (const s of sessions.values()) s.open = open.has(s.id);
  for (const s of news.sessions) {
    Object.assign(sessionOf(s.id), { open: true, state: s.state, secure: s.secure,
                                     peer: s.peer, user: s.user || sessionOf(s.id).user });
  }
  for (const s of sessions.values()) {
    if (sessions.size <= KNOWN) break;
    if (!s.open && s.id !== chosen) sessions.delete(s.id);
  }
  list.append(...rows);
  if (entries.length > LINES) {
    for (const entry of entries.splice(0, entries.length - LINES)) entry.row?.remove();
  }
  if (rows.length && atEnd) follow();
  drawSessions();
  state();
}

export function shown() {
  follow();
}

export function start() {
  byId("sessions").addEventListener("click", event => {
    const row = event.target.closest("[data-session]");
    if (!row) return;
    chosen = Number(row.dataset.session);
    drawSessions();
    draw();
  });
  byId("line-filter").addEventListener("input", event => {
    filter = event.target.value.trim().toLowerCase();
    draw();
  });
  byId("follow").addEventListener("change", () => follow());
  byId("clear-lines").addEventListener("click", () => {
    entries = [];
    draw();
  });
  byId("drop").addEventListener("click", () => ask("drop", { session: chosen }));
  drawSessions();
}

// The commands of a session, or of all, for the view "Verify".
export function commands(session) {
  return entries.filter(e => e.from === "C" && (!session || e.session === session))
    .map(e => e.line);
}
