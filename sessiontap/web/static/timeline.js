// The timeline: zoom, and a tooltip at once. What a bar says stands in its <title> and label too.

import { onKey } from "./keys.js";

const LARGEST = 64;
let zoom = 1;
const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
tip.setAttribute("aria-hidden", "true");
document.body.append(tip);

const area = () => document.querySelector(".gantt-scroll");
const plot = () => document.querySelector(".gantt-plot");

function apply(next, at = 0.5) {
  const scroll = area();
  if (!scroll || !plot()) return;
  const middle = (scroll.scrollLeft + at * scroll.clientWidth) / Math.max(1, plot().clientWidth || plot().getBoundingClientRect().width);
  zoom = Math.min(LARGEST, Math.max(1, next));
  plot().setAttribute("width", `${zoom * 100}%`);
  scroll.scrollLeft = middle * plot().getBoundingClientRect().width - at * scroll.clientWidth;
}

function say(bar, x, y) {
  const text = bar.querySelector("title")?.textContent ?? bar.dataset.text;
  if (!text) return;
  tip.textContent = text;
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(x + 12, innerWidth - box.width - 8))}px`;
  tip.style.top = `${Math.max(4, y + 18 + box.height > innerHeight ? y - box.height - 8 : y + 18)}px`;
}

async function fetched(bar) {
  if (bar.dataset.text) return;
  bar.dataset.text = "…";
  const base = location.pathname.split("/").slice(0, 3).join("/");
  const answer = await fetch(`${base}/calls/${encodeURIComponent(bar.dataset.call)}/line`, { credentials: "same-origin" });
  bar.dataset.text = answer.ok ? await answer.text() : "";
}

if (area()) {
  for (const box of document.querySelectorAll("[data-zoom]")) box.hidden = false;
  document.addEventListener("click", (event) => {
    const by = event.target.closest?.("[data-zoom-by]")?.dataset.zoomBy;
    if (by !== undefined) apply(Number(by) ? zoom * Number(by) : 1);
  });
  document.addEventListener("wheel", (event) => {
    const scroll = event.target.closest?.(".gantt-scroll");
    if (!scroll || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    apply(zoom * (event.deltaY < 0 ? 1.25 : 0.8), (event.clientX - scroll.getBoundingClientRect().left) / scroll.clientWidth);
  }, { passive: false });
  document.addEventListener("pointermove", async (event) => {
    const bar = event.target.closest?.(".gantt-plot [data-call]");
    if (!bar) { tip.hidden = true; return; }
    if (!bar.querySelector("title")) await fetched(bar);
    say(bar, event.clientX, event.clientY);
  });
  document.addEventListener("focusin", (event) => {
    const bar = event.target.closest?.(".gantt-plot a[data-call]");
    if (!bar) { tip.hidden = true; return; }
    const box = bar.querySelector("rect").getBoundingClientRect();
    say(bar, box.left, box.top);
  });
  document.addEventListener("live:updated", () => apply(zoom));
  onKey("+", "zoom into the timeline", () => apply(zoom * 2));
  onKey("-", "zoom out", () => apply(zoom / 2));
  onKey("0", "the whole timeline", () => apply(1));
}
