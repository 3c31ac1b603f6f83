// Lists: groups that open and close, widths of columns.
import { $, $$, on } from "./core.js";
import { load } from "./glue.js";

// --- groups: rows come when a group is first opened; closing hides them
const inside = (row) => {
  const found = [];
  for (let next = row.nextElementSibling; next && !next.matches(".km-group"); next = next.nextElementSibling) found.push(next);
  return found;
};
async function toggle(button) {
  const row = button.closest("tr"), open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", open);
  const place = row.nextElementSibling;
  if (open && place?.matches(".km-group-rows")) return load(button.dataset.group, place, { swap: "outerHTML" });
  for (const one of inside(row)) one.hidden = !open;
  return undefined;
}
on("click", "[data-group]", (e, el) => toggle(el));
const first = () => { const el = $("[data-group][data-first]"); if (el) { el.removeAttribute("data-first"); toggle(el); } };
document.addEventListener("htmx:after:swap", first);
first();

// --- choice of columns: moved by buttons, Alt with an arrow, or by dragging; nothing is asked of the server until "Show"
const say = (el, step) => {
  const row = el.closest("[data-col]"), other = step < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (!other?.matches("[data-col]")) return;
  if (step < 0) other.before(row); else other.after(row);
  el.focus();
};
for (const [verb, step] of [["up", -1], ["down", 1]]) on("click", `#km-cols [data-${verb}-col]`, (e, el) => { e.preventDefault(); say(el, step); });
on("click", "#km-cols [data-drop-col]", (e, el) => {
  e.preventDefault();
  const row = el.closest("[data-col]"), next = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  (next?.querySelector("[data-drop-col]") ?? $("#f-_new"))?.focus();
});
on("keydown", "#km-cols [data-col]", (e) => {
  const step = { ArrowUp: -1, ArrowDown: 1 }[e.key];
  if (!step || !e.altKey) return;
  e.preventDefault();
  say(e.target, step);
});
on("dragstart", "[data-col]", (e, el) => { el.classList.add("is-moving"); e.dataTransfer.effectAllowed = "move"; });
on("dragend", "[data-col]", (e, el) => el.classList.remove("is-moving"));
on("dragover", "[data-col]", (e, el) => {
  const moving = $(".is-moving[data-col]");
  if (!moving || moving === el) return;
  e.preventDefault();
  const box = el.getBoundingClientRect();
  if (e.clientY < box.top + box.height / 2) el.before(moving); else el.after(moving);
});

// --- widths: the edge of a head is dragged, or moved with arrows; the address keeps them, and with it a saved view
const WIDTHS = [40, 1200];
function setWidth(edge, width) {
  const [low, high] = WIDTHS, kept = Math.round(Math.min(high, Math.max(low, width)));
  edge.closest("th").style.cssText = `inline-size:${kept}px;min-inline-size:${kept}px;max-inline-size:${kept}px`;
  for (const row of $$("#km-rows tr[id]")) { const cell = row.children[edge.closest("th").cellIndex]; if (cell) cell.style.maxInlineSize = `${kept}px`; }
  edge.setAttribute("aria-valuenow", kept);
}
function keepWidths() {
  const url = new URL(location.href), heads = $$(".km-grid thead th[data-name]");
  const said = heads.map((th) => { const edge = $("[role=separator]", th); return edge?.hasAttribute("data-moved") || th.dataset.width ? `${th.dataset.name}:${edge.getAttribute("aria-valuenow")}` : th.dataset.name; });
  url.searchParams.set("columns", said.join(","));
  url.search = url.search.replaceAll("%2C", ",").replaceAll("%3A", ":");
  history.replaceState(history.state, "", url);
  for (const input of $$("#km-filters [name=columns]")) input.value = said.join(",");
  if (!$("#km-filters [name=columns]")) $("#km-filters")?.append(Object.assign(document.createElement("input"), { type: "hidden", name: "columns", value: said.join(",") }));
  const save = $("[data-save-view]");
  if (save) { const to = new URL(save.href); to.searchParams.set("columns", said.join(",")); save.href = to; save.hidden = false; }
}
on("pointerdown", ".km-grid thead [role=separator]", (e, edge) => {
  e.preventDefault();
  const start = e.clientX, from = edge.closest("th").offsetWidth, way = document.dir === "rtl" ? -1 : 1;
  edge.setPointerCapture(e.pointerId);
  const move = (event) => { edge.setAttribute("data-moved", ""); setWidth(edge, from + (event.clientX - start) * way); };
  edge.addEventListener("pointermove", move);
  edge.addEventListener("pointerup", () => { edge.removeEventListener("pointermove", move); if (edge.hasAttribute("data-moved")) keepWidths(); }, { once: true });
});
on("keydown", ".km-grid thead [role=separator]", (e, edge) => {
  const step = { ArrowLeft: -16, ArrowRight: 16 }[e.key];
  if (!step) return;
  e.preventDefault();
  edge.setAttribute("data-moved", "");
  setWidth(edge, edge.closest("th").offsetWidth + step * (document.dir === "rtl" ? -1 : 1));
  keepWidths();
});
function widths() {
  const label = $(".km-grid[data-edge]")?.dataset.edge;
  for (const th of $$(".km-grid[data-edge] thead th[data-name]")) {
    if ($("[role=separator]", th)) continue;
    const edge = Object.assign(document.createElement("span"), { className: "km-edge", tabIndex: 0 });
    const said = { role: "separator", "aria-orientation": "vertical", "aria-label": label.replace("…", th.textContent.trim()),
      "aria-valuemin": WIDTHS[0], "aria-valuemax": WIDTHS[1], "aria-valuenow": th.offsetWidth };
    for (const [name, value] of Object.entries(said)) edge.setAttribute(name, value);
    th.append(edge);
    if (th.dataset.width) setWidth(edge, Number(th.dataset.width));
  }
}
document.addEventListener("htmx:after:swap", widths);
widths();

// --- a dialog whose answer is its next step is named anew
document.addEventListener("htmx:after:swap", () => {
  const said = $("#km-dialog[open] [data-title]")?.dataset.title;
  if (said) $("#km-dialog-title").textContent = said;
});
