// What verify missed, and a form to compare the commands that came.

import { ask } from "./api.js";
import { byId, el, show, visible } from "./dom.js";
import { commands } from "./dialogue.js";

const KINDS = { "- ": ["missing", "expected"], "+ ": ["extra", "received"] };

// The message of verify: what is wrong, then the difference in lines of "- ",
// "+ " and "  ".
function difference(text) {
  const all = text.split("\n");
  const at = all.findIndex(line => line.startsWith("difference ("));
  const head = at < 0 ? all : all.slice(0, at);
  const made = el("div", { class: "difference" },
    el("p", { class: "reason", text: visible(head[0]).replace(/^verify: /, "") }),
    ...head.slice(1).map(line => el("p", { class: "hint", text: visible(line) })));
  if (at < 0) return made;
  made.append(el("p", { class: "legend" },
    el("span", { class: "missing", text: "− expected, did not come" }),
    el("span", { class: "extra", text: "+ came, not expected" })));
  const rows = all.slice(at + 1).map(line => {
    const [kind, word] = KINDS[line.slice(0, 2)] || ["same", ""];
    return el("li", { class: kind },
      el("span", { class: "sign", "aria-hidden": "true",
                   text: kind === "missing" ? "−" : kind === "extra" ? "+" : " " }),
      word ? el("span", { class: "unseen", text: word + ": " }) : null,
      el("span", { class: "said", text: visible(line.slice(2)) }));
  });
  made.append(el("ol", { class: "diff mono" }, ...rows));
  return made;
}

function miss(m) {
  return el("li", { class: "card" },
    el("p", { class: "more", text: "at " + m.time.toFixed(3) + " s" }),
    difference(m.error));
}

// Draw what "stats" tells, if it is new.
export function update(stats) {
  const n = stats.misses.length;
  byId("count-misses").textContent = n + stats.errors.length || "";
  show(byId("no-misses"), !n);
  show(byId("error-part"), stats.errors.length > 0);
  const drawn = JSON.stringify([stats.misses, stats.errors]);
  if (byId("misses").dataset.drawn === drawn) return;
  byId("misses").dataset.drawn = drawn;
  byId("misses").replaceChildren(...[...stats.misses].reverse().map(miss));
  byId("errors").replaceChildren(...[...stats.errors].reverse().slice(0, 100).map(text =>
    el("li", { class: "card" }, el("pre", { text: text.split("\n").map(visible)
                                            .join("\n") }))));
}

function session() {
  return Number(byId("verify-session").value) || undefined;
}

export function start() {
  byId("take").addEventListener("click", () => {
    byId("expected").value = commands(session()).join("\n");
  });
  byId("verify-form").addEventListener("submit", async event => {
    event.preventDefault();
    const said = byId("compared");
    const list = byId("expected").value.split("\n").map(line => line.trimEnd())
      .filter(line => line !== "");
    try {
      await ask("verify", { commands: list, session: session(), trial: true });
      said.replaceChildren(el("p", { class: "notice good",
        text: "All commands are as expected." }));
    } catch (error) {
      said.replaceChildren(error.code === "verify" ? difference(error.message)
        : el("p", { class: "problem", text: visible(error.message) }));
    }
  });
}
