// The faults: a list, and a form to add one.

import { ask } from "./api.js";
import { byId, count, el, show, visible } from "./dom.js";

const EXAMPLES = [
  "verb=UIDL times=1 cut.lines=1",
  "verb=RETR drip.bytes=10 drip.every=1",
  'verb=PASS reply="-ERR [IN-USE] try again"',
  "verb=STAT delay=5",
  "hook=connect refuse",
  "verb=RETR nth=2 cut.bytes=100 cut.how=rst",
  "verb=LIST no_terminator",
];

// The words of a fault, as in the form.
function words(fault, before = "") {
  return Object.entries(fault).flatMap(([name, value]) => {
    if (value && typeof value === "object" && value.base64 === undefined) {
      return words(value, name + ".");
    }
    if (value === true) return [before + name];
    const text = visible(value);
    return [before + name + "="
            + (/[\s"]/.test(text) ? JSON.stringify(text) : text)];
  });
}

const PLACES = ["verb", "hook", "args", "session", "user", "state", "nth", "times",
                "when"];

function card(f) {
  const all = words(f.fault).sort();
  const place = word => PLACES.indexOf(/^\w+/.exec(word)[0]);
  const places = all.filter(w => place(w) >= 0).sort((a, b) => place(a) - place(b));
  return el("li", { class: "card fault" },
    el("span", { class: "number", text: "#" + f.id }),
    el("span", { class: "words" },
      ...places.map(text => el("code", { class: "where", text })),
      ...all.filter(w => place(w) < 0)
        .map(text => el("code", { class: "effect", text }))),
    el("span", { class: "more", text: (f.used ? "applied " + count(f.used, "time")
                   : "not applied yet")
                 + (f.seen !== f.used ? ", matched " + f.seen : "") }),
    el("button", { type: "button", class: "small", text: "Clear",
                   "aria-label": "Clear fault " + f.id,
                   on: { click: () => clear(f.id) } }));
}

function draw(list) {
  byId("fault-list").replaceChildren(...list.map(card));
  byId("count-faults").textContent = list.length || "";
  show(byId("no-faults"), !list.length);
  show(byId("clear-faults"), list.length > 1);
}

async function clear(id) {
  try {
    draw((await ask("faults", { clear: id })).faults);
  } catch (error) {
    if (error.code !== "state") throw error;
    await update();     // another client has removed it
  }
}

export async function update() {
  draw((await ask("faults")).faults);
}

export function start() {
  const input = byId("fault");
  byId("fault-examples").append(...EXAMPLES.map(text => el("li", {},
    el("button", { type: "button", class: "chip example mono", text, on: { click() {
      input.value = text;
      input.focus();
    } } }))));
  byId("fault-form").addEventListener("submit", async event => {
    event.preventDefault();
    const problem = byId("fault-error");
    problem.textContent = "";
    try {
      await ask("fault", { fault: input.value });
      input.value = "";
      await update();
    } catch (error) {
      problem.textContent = visible(error.message);
      input.focus();
    }
  });
  byId("clear-faults").addEventListener("click", () => clear(true));
}
