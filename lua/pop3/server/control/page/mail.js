// The maildrops: the list of messages, in pages, and deliveries.

import { ask } from "./api.js";
import { byId, count, el, octets, people, plain, redraw, show, visible } from "./dom.js";
import * as message from "./message.js";

const PAGE = 100;       // messages in the list

let drops = [];
let user;               // the maildrop that is shown
let total = 0;
let top_ = null;        // the newest number of the page; null for the newest page
let chosen = 0;

function dropOf(name) {
  return drops.find(d => plain(d.user) === name);
}

function label(d) {
  return visible(d.user) + (d.error ? " (unreadable)" : " (" + d.messages + ")");
}

function drawUsers() {
  const select = byId("user");
  const wanted = drops.map(d => plain(d.user) + "\n" + label(d)).join("\n");
  if (select.dataset.drawn !== wanted) {
    select.dataset.drawn = wanted;
    select.replaceChildren(...drops.map(d =>
      el("option", { value: plain(d.user), text: label(d),
                     selected: plain(d.user) === user })));
  }
  byId("count-mail").textContent =
    drops.reduce((sum, d) => sum + (d.messages || 0), 0) || "";
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
                "Nov", "Dec"];

// "30 Nov 10:12" of a date, in its own time zone.
function day(iso) {
  if (!iso) return "no date";
  return Number(iso.slice(8, 10)) + " " + MONTHS[iso.slice(5, 7) - 1] + " "
    + iso.slice(11, 16);
}

function messageRow(m) {
  return [m.number, "row message-row",
    el("span", { class: "number", text: m.number }),
    el("span", { class: "name", text: visible(m.subject) || "(no subject)" }),
    el("span", { class: "more who", text: people(m.from) || "(no sender)" }),
    el("span", { class: "more", text: day(m.date) + " · " + octets(m.size) })];
}

async function drawMessages() {
  const drop = dropOf(user);
  const hint = [];
  if (drop?.session) hint.push("Session " + drop.session + " has it open.");
  if (drop?.error) hint.push(visible(drop.error));
  if (!drops.length) hint.push("The server has no users.");
  byId("maildrop-state").textContent = hint.join(" ");
  show(byId("maildrop-state"), hint.length > 0);
  total = drop?.messages || 0;
  const to = top_ === null ? total : Math.min(top_, total);
  const from = Math.max(to - PAGE + 1, 1);
  let list = [];
  if (to > 0) {
    const answer = await ask("messages", { user, from, most: to - from + 1 });
    total = answer.count;
    list = answer.messages.reverse();
  }
  redraw(byId("messages"), "data-number", list.map(messageRow), chosen);
  show(byId("no-messages"), Boolean(drop) && !drop.error && !total);
  show(byId("pager"), total > PAGE);
  byId("page-range").textContent = from.toLocaleString("en") + "–"
    + to.toLocaleString("en") + " of " + total.toLocaleString("en");
  byId("newer").disabled = to >= total;
  byId("older").disabled = from <= 1;
  if (chosen > total) close();
}

function close() {
  chosen = 0;
  message.close();
  byId("mail").classList.remove("reading");
}

async function open(number) {
  chosen = number;
  for (const row of byId("messages").querySelectorAll("[data-number]")) {
    row.setAttribute("aria-pressed", String(Number(row.dataset.number) === number));
  }
  byId("mail").classList.add("reading");
  await message.open(user, number);
}

function page(to) {
  top_ = to >= total ? null : to;
  return drawMessages();
}

// ------------------------------------------------------------------ deliveries

function base64(file) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(file);
  });
}

async function deliver(files) {
  const said = byId("delivered");
  let done = 0;
  said.className = "hint";
  for (const file of files) {
    said.textContent = "Delivering " + visible(file.name) + "…";
    try {
      await ask("deliver", { user, mail: { base64: await base64(file) } });
      done += 1;
    } catch (error) {
      said.className = "problem";
      said.textContent = visible(file.name) + ": " + visible(error.message);
      return;
    }
  }
  said.textContent = "Delivered " + count(done, "message") + " to "
    + visible(user) + ".";
  top_ = null;
  await update();
}

// ------------------------------------------------------------------ from outside

export async function update() {
  drops = (await ask("maildrops")).maildrops;
  if (user === undefined || !dropOf(user)) {
    user = drops.length ? plain((drops.find(d => d.messages) || drops[0]).user)
      : undefined;
    top_ = null;
    close();
  }
  drawUsers();
  byId("files").disabled = user === undefined;
  await drawMessages();
}

export function start() {
  message.start();
  byId("user").addEventListener("change", event => {
    user = event.target.value;
    top_ = null;
    close();
    byId("delivered").textContent = "";
    return drawMessages();
  });
  byId("refresh").addEventListener("click", update);
  byId("messages").addEventListener("click", event => {
    const row = event.target.closest("[data-number]");
    if (row) open(Number(row.dataset.number));
  });
  byId("messages").addEventListener("keydown", event => {
    const row = event.target.closest("li");
    const next = event.key === "ArrowDown" ? row?.nextElementSibling
      : event.key === "ArrowUp" ? row?.previousElementSibling : null;
    if (!next) return;
    event.preventDefault();
    next.firstChild.focus();
  });
  byId("newer").addEventListener("click", () =>
    page((top_ === null ? total : top_) + PAGE));
  byId("older").addEventListener("click", () =>
    page((top_ === null ? total : top_) - PAGE));
  byId("back").addEventListener("click", () => {
    byId("mail").classList.remove("reading");
    byId("messages").querySelector('[aria-pressed="true"]')?.focus();
  });
  byId("files").addEventListener("change", event => {
    deliver([...event.target.files]);
    event.target.value = "";
  });
  const zone = byId("mail");
  const isFiles = event => event.dataTransfer?.types.includes("Files");
  // a file that misses the zone would replace the page
  for (const name of ["dragover", "drop"]) {
    window.addEventListener(name, event => { if (isFiles(event)) event.preventDefault(); });
  }
  zone.addEventListener("dragover", event => {
    if (isFiles(event)) zone.classList.add("dropping");
  });
  zone.addEventListener("dragleave", event => {
    if (!zone.contains(event.relatedTarget)) zone.classList.remove("dropping");
  });
  zone.addEventListener("drop", event => {
    zone.classList.remove("dropping");
    if (isFiles(event) && user !== undefined) deliver([...event.dataTransfer.files]);
  });
}
