// Lists: selection and bulk bar, side panel, editing a value in place (lists and cards).
import { $, $$, commands, on, t, toast } from "./core.js";
import { load, openDialog, reloadList, send } from "./glue.js";
import { focusRow } from "./keys.js";

// --- selection
let last = null, whole = false;
const boxes = () => $$("#km-rows .p input");
const picked = () => boxes().filter((el) => el.checked);
function show() {
  const bar = $("#km-bulk");
  if (!bar) return;
  const n = picked().length, all = $("[data-all]");
  if (!n) whole = false;
  bar.hidden = !n;
  $("[data-n]", bar).textContent = whole ? $(".km-sum b")?.textContent ?? n : n;
  if (all) { all.checked = n > 0 && n === boxes().length; all.indeterminate = n > 0 && !all.checked; }
  const button = $("[data-whole]", bar);
  if (button) button.hidden = whole || !all?.checked;
}
on("change", "[data-all]", (e, el) => { boxes().forEach((box) => { box.checked = el.checked; }); show(); });
on("click", "#km-rows .p input", (e, el) => {
  const all = boxes();
  if (e.shiftKey && last?.isConnected) {
    const [a, b] = [all.indexOf(last), all.indexOf(el)].sort((x, y) => x - y);
    all.slice(a, b + 1).forEach((box) => { box.checked = el.checked; });
  }
  last = el;
  whole = false;
  show();
});
on("click", "[data-none]", () => { boxes().forEach((box) => { box.checked = false; }); show(); });
on("click", "[data-whole]", () => { whole = true; show(); });
document.addEventListener("htmx:after:swap", show);
const selection = () => (whole ? [["query", $("#km-list").dataset.query]] : picked().map((el) => ["ids", el.value]));
on("click", "[data-bulk]", async (e, el) => {
  const chosen = selection(), href = el.dataset.bulk;
  const query = new URLSearchParams(chosen.length > 400 ? [["count", chosen.length]] : chosen);
  if (el.hasAttribute("data-bulk-download")) { location.href = `${href}?${query}`; return; }
  if (el.hasAttribute("data-bulk-dialog")) return openDialog(`${href}?${query}`, chosen);
  const ids = chosen.filter(([name]) => name === "ids").map(([, id]) => id).join(",");
  const values = whole ? { query: chosen[0][1] } : { ids };
  if (el.hasAttribute("data-bulk-preview")) return openDialog(href, [], { method: "POST", values: { ...values, _step: "preview" } });
  await send("POST", href, values);
  await reloadList();
});

// --- side panel
const peek = $("#km-peek");
let opener = null, peeks = 0;
commands.peek = async (row) => {
  const list = $("#km-list"), id = row.id.slice(1);
  if (!peek || !list) return;
  $("tr[data-open]")?.removeAttribute("data-open");
  row.setAttribute("data-open", "");
  opener = row;
  const mine = ++peeks;
  await load(`${list.dataset.path}/${id}/peek`, peek);
  if (mine !== peeks) return;
  peek.hidden = !peek.children.length;
  peek.scrollTop = 0;
  peek.focus({ preventScroll: true });
};
commands.closePeek = () => {
  peeks++;
  if (!peek || peek.hidden) return;
  peek.hidden = true;
  peek.replaceChildren();
  $("tr[data-open]")?.removeAttribute("data-open");
  if (opener?.isConnected) focusRow(opener);
};
on("click", "[data-close-peek]", () => commands.closePeek());
on("click", "#km-rows tr[id]", (e, row) => {
  if (!e.target.closest("a, button, input, label, form, .km-pop") && !getSelection().toString()) commands.peek(row);
});

// --- edit in place: a td.e of a list or the pencil of a card property; Enter saves, Escape restores, leaving saves
const before = new WeakMap();
const snapshot = (form) => JSON.stringify([...new FormData(form)]);
async function edit(place, href) {
  if (place.querySelector(".km-cell-form")) return;
  const old = [...place.childNodes];
  await load(href, place);
  const form = $(".km-cell-form", place);
  if (!form) return;
  before.set(place, old);
  form.dataset.was = snapshot(form);
  const input = form.querySelector("input:not([type=hidden]), select, textarea");
  input?.focus();
  input?.select?.();
}
function restore(form, focus) {
  const place = form.parentElement, old = before.get(place);
  if (!old) return location.reload();
  place.replaceChildren(...old);
  if (focus) (place.querySelector("button") ?? place).focus();
}
on("click", "#km-rows td.e > button", (e, el) => {
  const cell = el.parentElement, row = cell.closest("tr");
  edit(cell, `${$("#km-list").dataset.path}/${row.id.slice(1)}/cell/${cell.dataset.f}?place=list`);
});
on("click", "[data-edit]", (e, el) => edit(el.closest("dd"), el.dataset.edit));
on("keydown", ".km-cell-form", (e, form) => {
  if (e.key === "Escape" && !form.querySelector(".km-pop:not([hidden])")) { e.preventDefault(); e.stopPropagation(); form.dataset.done = "1"; restore(form, true); }
  if (e.key === "Enter" && e.target.matches("input:not([aria-expanded=true]), select")) { e.preventDefault(); form.dataset.back = "1"; form.requestSubmit(); }
});
on("change", ".km-cell-form select:not([name$=_currency]), .km-cell-form [role=switch]", (e, el) => { const form = el.closest("form"); form.dataset.back = "1"; form.requestSubmit(); });
on("submit", ".km-cell-form", (e, form) => { form.dataset.done = "1"; });
on("focusout", ".km-cell-form", (e, form) => {
  setTimeout(() => {
    if (!form.isConnected || form.dataset.done || form.contains(document.activeElement) || !document.hasFocus()) return;
    if (form.querySelector("[aria-invalid=true]") && !form.dataset.was) return; // a refused text stays until it is mended or Escape
    if (form.dataset.was && snapshot(form) === form.dataset.was) restore(form, false); else form.requestSubmit();
  }, 60);
});
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  const form = ctx?.request?.form; // the source itself is gone: htmx names what replaced it
  if (!form?.matches(".km-cell-form") || ctx.request.method !== "POST") return;
  if (ctx.response.status === 422) return setTimeout(() => $(`[data-target="${CSS.escape(form.dataset.target)}"] [aria-invalid=true]`)?.focus(), 20);
  if (form.dataset.back) setTimeout(() => $(form.dataset.target)?.querySelector("button")?.focus(), 20);
});
on("click", "[data-copy]", async (e, el) => { await navigator.clipboard?.writeText($(el.dataset.copy).textContent); toast(t("copied")); });
on("focusin", "#km-rows td.e > button", (e, el) => el.setAttribute("aria-describedby", "km-e"));
