// The editor of page layouts: parts are moved by buttons or by the pointer; the order of the inputs is what is sent.
import { $, $$, define } from "./core.js";

define("km-arrange", (el) => {
  const said = $("[data-said]", el), form = el.closest("form");
  let count = $$(".km-arr-section", el).length;
  const mark = () => form.setAttribute("data-dirty", "");
  const lists = () => $$("[data-sections] > .km-arr-section > .km-arr-list", el);
  const tell = (item) => { const all = [...item.parentElement.children]; said.textContent = `${item.querySelector(".km-grow, input[name^=title]")?.textContent ?? ""} ${all.indexOf(item) + 1}/${all.length}`; mark(); };
  function step(item, by) {
    const other = by < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (other) by < 0 ? other.before(item) : other.after(item);
    else if (item.dataset.item === "field") {
      const all = lists(), at = all.indexOf(item.parentElement), next = all[at + by];
      if (!next) return;
      by < 0 ? next.append(item) : next.prepend(item);
    }
    tell(item);
  }
  el.addEventListener("click", (e) => {
    const button = e.target.closest("button");
    if (!button) return;
    const item = button.closest("[data-item]");
    if (button.dataset.step) { step(item, Number(button.dataset.step)); button.focus(); }
    if ("hide" in button.dataset) {
      const hidden = $("[data-hidden]", el), back = item.parentElement === hidden;
      (back ? lists().at(0) : hidden)?.append(item);
      tell(item);
      button.focus();
    }
    if ("addSection" in button.dataset) {
      const made = $("template[data-new]", el).innerHTML.replaceAll("__n__", String(++count));
      $("[data-sections]", el).insertAdjacentHTML("beforeend", made);
      $("[data-sections] > :last-child input[name^=title]", el).focus();
      mark();
    }
  });
  // Pointer: a part is dragged by its grip; lists take the parts of their own kind.
  let dragged = null;
  el.addEventListener("pointerdown", (e) => {
    const grip = e.target.closest(".km-arr-grip");
    if (!grip) return;
    e.preventDefault();
    dragged = grip.closest("[data-item]");
    dragged.toggleAttribute("data-dragged", true);
    grip.setPointerCapture(e.pointerId);
  });
  el.addEventListener("pointermove", (e) => {
    if (!dragged) return;
    const below = document.elementFromPoint(e.clientX, e.clientY), over = below?.closest("[data-item]"), list = below?.closest(".km-arr-list");
    const same = dragged.closest("[data-panels]") === list?.closest("[data-panels]");
    if (over && over !== dragged && over.dataset.item === dragged.dataset.item && same) {
      const box = over.getBoundingClientRect();
      e.clientY < box.top + box.height / 2 ? over.before(dragged) : over.after(dragged);
    } else if (list && same && !list.contains(dragged) && !over?.matches(".km-arr-item")) list.append(dragged);
  });
  const drop = () => { if (dragged) { dragged.removeAttribute("data-dragged"); tell(dragged); dragged = null; } };
  const ends = ["pointerup", "pointercancel"];  // the pointer may be anywhere by then
  for (const end of ends) document.addEventListener(end, drop);
  return () => { for (const end of ends) document.removeEventListener(end, drop); };
});
