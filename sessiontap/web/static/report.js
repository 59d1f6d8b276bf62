// The report: a link to a call opens it among the calls at the end, whose bodies become trees then.

function openTarget() {
  const target = location.hash.startsWith("#call-") && document.getElementById(location.hash.slice(1));
  if (!target) return;
  target.open = true;
  target.scrollIntoView();
  target.querySelector("summary").focus({ preventScroll: true });
}

for (const call of document.querySelectorAll("details.report-call")) {
  call.addEventListener("toggle", () => {
    if (call.open) for (const place of call.querySelectorAll("[data-json-text]")) showJson(place);
  });
}

for (const control of document.querySelectorAll("[data-tree]")) {
  control.hidden = false;
  control.addEventListener("click", () => {
    for (const folder of document.querySelectorAll(".tree details")) folder.open = control.dataset.tree === "open";
  });
}

addEventListener("hashchange", openTarget);
openTarget();
