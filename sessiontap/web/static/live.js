// Keeps a page up to date: asks for it again with the version that is shown, has the server wait until there is
// another one, and puts what is new in its place.
// Regions are marked data-live="name"; children with a data-key are kept, moved, added and removed one by one,
// so that focus, scroll and what is open stay.

const WAIT_S = 20;
const PERIOD_MS = 500;
const LONGEST_MS = 30000;

const state = document.querySelector("[data-live-state]");
const regions = () => document.querySelectorAll("[data-live]");
// The version that is shown, as HTTP writes it.
let etag = document.body.dataset.version ? `"${document.body.dataset.version}"` : null;
let wait = PERIOD_MS;

function mark(name, text) {
  if (!state) return;
  state.hidden = false;
  if (state.dataset.state === name) return;
  state.dataset.state = name;
  state.textContent = text;
}

function same(a, b) {
  return a.outerHTML === b.outerHTML;
}

function replaceKeyed(old, fresh) {
  const known = new Map([...old.children].map((child) => [child.dataset.key, child]));
  let before = old.firstElementChild;
  for (const child of [...fresh.children]) {
    let kept = known.get(child.dataset.key);
    if (!kept) {
      kept = document.importNode(child, true);
      kept.classList.add("flash");
    } else {
      known.delete(child.dataset.key);
      kept.classList.remove("flash");
      if (!kept.className) kept.removeAttribute("class");
      const selected = kept.getAttribute("aria-selected");
      kept.removeAttribute("aria-selected");
      if (!same(kept, child)) {
        const next = document.importNode(child, true);
        if (before === kept) before = next;
        const focused = kept.contains(document.activeElement);
        kept.replaceWith(next);
        kept = next;
        if (focused) kept.querySelector("a, button")?.focus();
      }
      if (selected) kept.setAttribute("aria-selected", selected);
    }
    if (kept === before) before = before.nextElementSibling;
    else old.insertBefore(kept, before);
  }
  for (const gone of known.values()) gone.remove();
}

// What a person has opened, closed or is at stays so in what takes its place.
function replaceWhole(old, fresh) {
  const closed = new Set([...old.querySelectorAll("details[data-path]:not([open])")].map((each) => each.dataset.path));
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const id = focused?.dataset.call;
  const path = focused?.parentElement?.dataset.path;
  old.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
  for (const folder of old.querySelectorAll("details[data-path]")) if (closed.has(folder.dataset.path)) folder.open = false;
  if (id) old.querySelector(`[data-call="${CSS.escape(id)}"]`)?.focus({ preventScroll: true });
  else if (path) old.querySelector(`details[data-path="${CSS.escape(path)}"] > summary`)?.focus({ preventScroll: true });
}

function update(fresh) {
  for (const old of regions()) {
    const next = fresh.querySelector(`[data-live="${CSS.escape(old.dataset.live)}"]`);
    if (!next) continue;
    if (next.firstElementChild?.dataset.key || old.firstElementChild?.dataset.key) replaceKeyed(old, next);
    else if (!same(old, next)) replaceWhole(old, next);
  }
  document.dispatchEvent(new CustomEvent("live:updated"));
}

async function look() {
  try {
    const headers = etag ? { "If-None-Match": etag, Prefer: `wait=${WAIT_S}` } : {};
    const answer = await fetch(location.href, { headers, cache: "no-store", credentials: "same-origin" });
    if (answer.status === 200) {
      etag = answer.headers.get("ETag");
      update(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } else if (answer.status !== 304) {
      throw new Error(`the server says ${answer.status}`);
    }
    wait = PERIOD_MS;
    mark("on", "live");
  } catch {
    wait = Math.min(wait * 2, LONGEST_MS);
    mark("off", "no answer");
  }
  setTimeout(whenSeen, wait);
}

// A page that nobody sees asks for nothing.
function whenSeen() {
  if (document.visibilityState === "visible") look();
  else document.addEventListener("visibilitychange", whenSeen, { once: true });
}

if (regions().length) setTimeout(whenSeen, PERIOD_MS);
