// Requests to the control, see "POST /requests" in lua/pop3/server/README.md.
// The token comes in the fragment of the address, which is not sent, and stays in
// this tab.

const KEY = "token";

export function takeToken() {
  const given = /^#token=(.+)$/.exec(location.hash);
  if (!given) return;
  setToken(decodeURIComponent(given[1]));
  history.replaceState(null, "", location.pathname);
}

export function setToken(token) {
  sessionStorage.setItem(KEY, token);
}

export function token() {
  return sessionStorage.getItem(KEY) || "";
}

export class Failure extends Error {
  constructor(text, code) {
    super(text);
    this.code = code;
  }
}

async function post(path, body, signal) {
  let response;
  try {
    response = await fetch(path, {
      method: "POST", body: JSON.stringify(body), signal, cache: "no-store",
      headers: { "Authorization": "Bearer " + token(),
                 "Content-Type": "application/json" },
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure("the server does not answer", "closed");
  }
  return response;
}

async function failure(response) {
  const answer = await response.json().catch(() => ({}));
  return new Failure(answer.error || "status " + response.status,
                     answer.code || "proto");
}

// Execute a request: the fields of its answer.
export async function ask(request, fields = {}, signal) {
  const response = await post("/requests", { do: request, ...fields }, signal);
  if (!response.ok) throw await failure(response);
  return response.json();
}

// The octets of a part, or of a message, as a blob.
export async function part(fields) {
  const response = await post("/part", fields);
  if (!response.ok) throw await failure(response);
  return response.blob();
}

// The first octets of a message or a part, at least `limit` of them if there are.
export async function beginning(fields, limit) {
  const stop = new AbortController();
  const response = await post("/part", fields, stop.signal);
  if (!response.ok) throw await failure(response);
  const reader = response.body.getReader();
  const chunks = [];
  let size = 0;
  while (size < limit) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    size += value.length;
  }
  stop.abort();
  return new Uint8Array(await new Blob(chunks).arrayBuffer()).subarray(0, limit);
}

// Save octets as a file. The browser is not told what they are.
export function save(blob, name) {
  const url = URL.createObjectURL(new Blob([blob],
    { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}
