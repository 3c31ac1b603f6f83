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
