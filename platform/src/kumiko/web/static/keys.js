// Keyboard map: single keys outside of fields, `g` then a letter, layers closed by Escape.
import { $, $$, commands, on, page } from "./core.js";

let went = 0;
const typing = (el) => el.closest?.("input:not([type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable], [role=listbox], [role=combobox]");
const rows = () => $$("#km-rows tr[id]");
const row = () => document.activeElement?.closest?.("#km-rows tr[id]");

export function focusRow(el) {
  if (!el) return;
  el.tabIndex = -1;
  el.focus({ preventScroll: true });
  el.scrollIntoView({ block: "nearest" });
}
function move(step) {
  const all = rows();
  if (!all.length) return;
  focusRow(all[Math.min(all.length - 1, Math.max(0, all.indexOf(row()) + step))]);
}

const single = {
  "/": () => ($("#km-q") ?? $("#km-sq"))?.focus(),
  "?": () => commands.help(),
  c: () => commands.create(),
  j: () => move(1),
  k: () => move(-1),
  x: () => row()?.querySelector(".p input")?.click(),
  e: () => (row()?.querySelector("td.e > button") ?? $("[data-keys=e]") ?? $(".km-val > button"))?.click(),
  " ": () => { const el = row(); if (el) commands.peek(el); return Boolean(el); },
  Enter: () => { const el = document.activeElement === row() && row(); if (el) $("th a", el)?.click(); return Boolean(el); },
  g: () => { went = Date.now(); },
};

document.addEventListener("keydown", (e) => {
  if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "k") { e.preventDefault(); return commands.palette(); }
  if ((e.ctrlKey || e.metaKey) && e.key === "Enter") {
    const form = e.target.closest?.("form");
    if (form) { e.preventDefault(); form.requestSubmit(); }
    return;
  }
  if (e.key === "Escape" && !e.defaultPrevented) {
    if ($("dialog[open]")) return;
    if (typing(e.target) && !e.target.closest(".km-cell-form")) return e.target.blur();
    return commands.closePeek();
  }
  if (page.keys === false || e.ctrlKey || e.metaKey || e.altKey || typing(e.target) || $("dialog[open]")) return;
  if (Date.now() - went < 1200 && e.key !== "g") {
    went = 0;
    const link = $(`[data-go="${CSS.escape(e.key)}"]`);
    if (link) { e.preventDefault(); link.click(); return; }
  }
  const own = e.key.length === 1 && e.key !== " " && (row()?.querySelector(`[data-keys="${CSS.escape(e.key)}"]`) ?? $(`.km-page [data-keys="${CSS.escape(e.key)}"]`));
  const run = own ? () => own.click() : single[e.key];
  if (!run || (e.key.length > 1 && e.key !== "Enter") || (/^( |Enter)$/.test(e.key) && e.target.closest("a, button, summary"))) return;
  if (run() !== false) e.preventDefault();
});

commands.help = () => $("#km-help")?.showModal();
commands.create = () => {
  const menu = $("#km-create");
  if (!menu) return;
  const items = $$("a", menu);
  if (items.length === 1) return items[0].click();
  menu.showPopover();
  items[0]?.focus();
};
on("keydown", "[popover] .km-item", (e, el) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
  if (!step) return;
  e.preventDefault();
  const all = $$(".km-item:not([hidden])", el.closest("[popover]"));
  all[(all.indexOf(el) + step + all.length) % all.length].focus();
});
