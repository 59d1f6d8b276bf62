// Keys of a page: a small registry, and what `?` shows. No key works while somebody types, or with a modifier.

const known = new Map();

export function onKey(key, what, action) {
  known.set(key, { what, action });
}

function typing(target) {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target?.isContentEditable;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const found = known.get(event.key);
  if (!found) return;
  event.preventDefault();
  found.action(event);
});

function help() {
  let dialog = document.querySelector("[data-keys]");
  if (!dialog) {
    dialog = document.createElement("dialog");
    dialog.dataset.keys = "";
    dialog.setAttribute("aria-label", "Keyboard");
    const list = document.createElement("dl");
    list.className = "keys";
    for (const [key, { what }] of [...known, ["Enter", { what: "open what has the focus" }], ["Esc", { what: "close" }]]) {
      const row = document.createElement("div");
      const name = document.createElement("dt");
      const cap = document.createElement("kbd");
      cap.textContent = key;
      name.append(cap);
      const text = document.createElement("dd");
      text.textContent = what;
      row.append(name, text);
      list.append(row);
    }
    const title = document.createElement("h2");
    title.textContent = "Keyboard";
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "Close";
    close.addEventListener("click", () => dialog.close());
    dialog.append(title, list, close);
    document.body.append(dialog);
  }
  if (!dialog.open) dialog.showModal();
}

onKey("?", "this help", help);

const search = document.querySelector("[data-search]");
if (search) onKey("/", "search", () => { search.focus(); search.select(); });

// Rows that lead somewhere: the focus goes from link to link.
const rows = () => [...document.querySelectorAll("[data-keys-rows] tbody tr a:first-of-type")].filter((link) => link.closest("td")?.cellIndex === 0);
if (document.querySelector("[data-keys-rows]")) {
  const step = (by) => {
    const all = rows();
    const at = all.indexOf(document.activeElement);
    all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)]?.focus();
  };
  onKey("j", "next row", () => step(1));
  onKey("k", "previous row", () => step(-1));
}

for (const button of document.querySelectorAll("[data-keys-help]")) {
  button.hidden = false;
  button.addEventListener("click", help);
}
