// A stored body as a tree that is built as it is opened, so that one of megabytes is shown at once.
// Server-sent events and lines of JSON become a list of what each holds.

const CHUNK = 100;
const LONG = 600;

function element(name, kind, text) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  if (text !== undefined) made.textContent = text;
  return made;
}

function leaf(value) {
  if (typeof value === "string") {
    if (value.length <= LONG) return element("span", "string", JSON.stringify(value));
    const whole = element("details", "string-long");
    whole.append(element("summary", "string", `${JSON.stringify(value.slice(0, 120)).slice(0, -1)}… (${value.length.toLocaleString()} characters)`));
    whole.addEventListener("toggle", () => { if (whole.open && whole.children.length === 1) whole.append(element("pre", "string", value)); }, { once: true });
    return whole;
  }
  return element("span", typeof value === "number" ? "number" : "literal", String(value));
}

function summaryOf(value) {
  if (Array.isArray(value)) return `[ ${value.length.toLocaleString()} ]`;
  const keys = Object.keys(value);
  const hint = ["role", "type", "name"].map((key) => value[key]).filter((each) => typeof each === "string").map((each) => each.slice(0, 40)).join(" ");
  return `{ ${keys.length.toLocaleString()} }${hint ? ` ${hint}` : ""}`;
}

function fill(into, entries, from) {
  for (const [key, value] of entries.slice(from, from + CHUNK)) into.append(node(key, value));
  if (entries.length > from + CHUNK) {
    const more = element("button", "quiet", `${(entries.length - from - CHUNK).toLocaleString()} more`);
    more.type = "button";
    more.addEventListener("click", () => { more.remove(); fill(into, entries, from + CHUNK); });
    into.append(more);
  }
}

function node(key, value, open = false) {
  const label = key === null ? [] : [element("span", "key", `${key}: `)];
  if (value === null || typeof value !== "object") {
    const row = element("div", "leaf-row");
    row.append(...label, leaf(value));
    return row;
  }
  const made = element("details");
  const summary = element("summary");
  summary.append(...label, element("span", "muted", summaryOf(value)));
  made.append(summary);
  const build = () => { if (made.children.length === 1) fill(made, Object.entries(value), 0); };
  if (open) { made.open = true; build(); }
  made.addEventListener("toggle", () => { if (made.open) build(); });
  return made;
}

function parsed(text) {
  try { return JSON.parse(text); } catch { /* not one value */ }
  const values = [];
  for (const line of text.split(/\r?\n/)) {
    const data = line.startsWith("data:") ? line.slice(5).trim() : line.trim();
    if (!data || data === "[DONE]" || /^(event|id|retry|:)/.test(line)) continue;
    try { values.push(JSON.parse(data)); } catch { return null; }
  }
  return values.length ? values : null;
}

function put(place, text) {
  const value = parsed(text);
  if (value === null || typeof value !== "object") place.replaceChildren(element("pre", "", text));
  else place.replaceChildren(node(null, value, true));
}

export function showJson(place) {
  if (place.dataset.shown) return;
  place.dataset.shown = "yes";
  if (place.dataset.jsonFrom) {
    fetch(place.dataset.jsonFrom, { credentials: "same-origin" })
      .then((answer) => (answer.ok ? answer.text() : Promise.reject(new Error(answer.statusText))))
      .then((text) => put(place, text))
      .catch(() => { delete place.dataset.shown; });
  } else put(place, place.textContent);
}
