// Lines of deals and documents while they are typed: products fill in text, unit, price and tax; the server counts.
import { api } from "kumiko";

const NAMES = /^(?:sales_)?lines\.(\d+)\.(\w+)$/;
const waiting = new WeakMap();

const rowsOf = (field) => field?.querySelector("[name='lines.present'], [name='sales_lines.present']") ?? null;

function shown(box) {
  let out = box.parentElement.querySelector(":scope > .sales-sum");
  if (!out) {
    out = Object.assign(document.createElement("div"), { className: "sales-sum" });
    out.setAttribute("role", "status");
    box.after(out);
  }
  return out;
}

function fill(row, fields, fresh) {
  for (const [name, wanted] of Object.entries(fields)) {
    const input = row.querySelector(`[name$=".${name}"]`);
    if (!input || !(fresh || !input.value) || !wanted.value) continue;
    if (name !== "tax_rate" && input.value && !fresh) continue;
    input.value = wanted.value;
    if (wanted.unit) { const unit = row.querySelector(`[name$=".${name}_currency"]`); if (unit) unit.value = wanted.unit; }
    if (wanted.text) { const text = input.parentElement.querySelector("input[type=text]"); if (text) text.value = wanted.text; }
  }
}

async function count(box, changed) {
  const form = box.closest("form"), out = shown(box);
  const body = new FormData(form), collection = (form.getAttribute("action") ?? "").split("/")[1];
  if (changed) for (const name of ["text", "unit", "price", "tax_rate"]) {
    // another product: what the one before filled in goes, and comes anew from this one
    const input = changed.querySelector(`[name$=".${name}"]`);
    if (input) body.set(input.name, "");
  }
  const rows = [...box.querySelectorAll(".km-subrow")];
  try {
    const found = await (await api(`/sales/lines?collection=${collection}`, { method: "POST", body })).json();
    const filled = rows.filter((row) => [...row.querySelectorAll("input")].some((one) => one.value && !/\.quantity$|_currency$|\.present$/.test(one.name)));
    found.rows.forEach((one, place) => {
      const row = filled[place];
      if (!row) return;
      fill(row, one.fields, row === changed);
      row.dataset.sum = one.comes_to;
    });
    out.replaceChildren(...(found.errors.length
      ? found.errors.map((text) => Object.assign(document.createElement("p"), { className: "km-err", textContent: text }))
      : found.totals.map(([label, text]) => {
        const part = document.createElement("span");
        part.append(`${label} `, Object.assign(document.createElement("b"), { textContent: text }));
        return part;
      })));
  } catch { out.replaceChildren(); }
}

function later(box, changed) {
  const kept = waiting.get(box);
  clearTimeout(kept?.timer);
  const product = changed ?? kept?.changed ?? null;
  waiting.set(box, { changed: product, timer: setTimeout(() => { waiting.delete(box); count(box, product); }, 250) });
}

document.addEventListener("change", (e) => {
  const box = e.target.closest("km-rows");
  const inner = box && rowsOf(box);
  if (inner) {
    const row = e.target.closest(".km-subrow"), hidden = e.target.closest("km-picker")?.querySelector("input[type=hidden]");
    later(box, hidden && /\.product$/.test(hidden.name) && hidden.value ? row : null);
  } else if (["currency", "prices_include_tax"].includes(e.target.name)) {
    const mine = rowsOf(e.target.form);
    if (mine) later(mine.closest("km-rows"), null);
  }
});
document.addEventListener("input", (e) => {
  const box = e.target.closest?.("km-rows");
  if (box && rowsOf(box) && NAMES.test(e.target.name ?? "")) later(box, null);
});
document.addEventListener("click", (e) => {
  const box = e.target.closest?.("km-rows");
  if (!box || !rowsOf(box)) return;
  if (e.target.closest("[data-drop-row]")) later(box, null);
  if (!e.target.closest("[data-add]")) return;
  // a new line speaks the currency of the document
  const code = box.closest("form").elements.currency?.value || box.querySelector(".km-subrow select[name$=_currency]")?.value;
  for (const one of box.querySelectorAll(".km-subrow:last-of-type select[name$=_currency]")) if (code) one.value = code;
});
