// Shows a call in a drawer beside the page that has a link to it (data-call). The address says which one is open,
// so that it can be kept and "back" closes it. Without this script the links lead to the same as a page of its own.

import { showJson } from "./json-tree.js";
import { onKey } from "./keys.js";

const drawer = document.querySelector("[data-drawer]");
const body = drawer?.querySelector("[data-drawer-body]");
let current = null;

const links = () => [...document.querySelectorAll("main a[data-call]")].filter((link) => link.offsetParent !== null || link.closest("svg"));
const unique = () => {
  const seen = new Set();
  return links().filter((link) => !link.closest("svg") && !seen.has(link.dataset.call) && seen.add(link.dataset.call));
};

function button(label, action, title) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = label;
  if (title) made.title = title;
  made.addEventListener("click", action);
  return made;
}

function mark(id) {
  for (const link of document.querySelectorAll("a.t-row[aria-current]")) link.removeAttribute("aria-current");
  if (id) for (const link of document.querySelectorAll(`a.t-row[data-call="${CSS.escape(id)}"]`)) link.setAttribute("aria-current", "true");
}

async function show(address, id, keep = true) {
  const answer = await fetch(address, { credentials: "same-origin" });
  if (!answer.ok) { location.href = address; return; }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const article = document.importNode(page.querySelector("[data-call-page]"), true);
  const bar = document.createElement("div");
  bar.className = "drawer-bar";
  const open = document.createElement("a");
  open.href = address;
  open.className = "button";
  open.textContent = "Open as a page";
  const right = document.createElement("span");
  right.className = "right";
  right.append(button("Previous", () => step(-1), "k"), button("Next", () => step(1), "j"), button("Close", close, "Esc"));
  bar.append(open, right);
  body.replaceChildren(bar, article);
  enliven(article);
  current = id;
  mark(id);
  if (!drawer.open) drawer.showModal();
  drawer.scrollTop = 0;
  if (keep) history.replaceState(null, "", `#call=${encodeURIComponent(id)}`);
}

function close() {
  drawer.close();
}

function step(by) {
  const all = unique();
  const at = all.findIndex((link) => link.dataset.call === current);
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by];
  if (!next) return;
  if (drawer.open) show(next.href, next.dataset.call);
  else {
    current = next.dataset.call;
    next.focus();
  }
}

// JSON trees and copy buttons of an article, in the drawer or on a page of its own.
export function enliven(root) {
  for (const place of root.querySelectorAll("[data-json-from], [data-json-text]")) showJson(place);
  for (const copy of root.querySelectorAll("[data-copy]")) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(copy.parentElement.querySelector("pre").textContent);
      copy.textContent = "Copied";
    });
  }
}

enliven(document);

if (drawer) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("main a[data-call]");
    if (!link || link.dataset.step || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    show(link.getAttribute("href"), link.dataset.call);
  });
  drawer.addEventListener("close", () => {
    history.replaceState(null, "", location.pathname + location.search);
    const link = unique().find((each) => each.dataset.call === current);
    link?.focus();
  });
  // A click beside the drawer closes it.
  drawer.addEventListener("click", (event) => { if (event.target === drawer) close(); });
  onKey("j", "next call", () => step(1));
  onKey("k", "previous call", () => step(-1));
  const wanted = new URLSearchParams(location.hash.slice(1)).get("call");
  if (wanted) {
    const link = document.querySelector(`a[data-call="${CSS.escape(wanted)}"]`);
    show(link ? link.getAttribute("href") : `${location.pathname.split("/").slice(0, 3).join("/")}/calls/${encodeURIComponent(wanted)}`, wanted, false);
  }
}

for (const control of document.querySelectorAll("[data-tree]")) {
  control.hidden = false;
  control.addEventListener("click", () => {
    for (const folder of document.querySelectorAll(".tree details")) folder.open = control.dataset.tree === "open";
  });
}
