// The builder: where a new step goes, inputs that follow from others, and data put into texts.
import { define } from "kumiko";

define("processes-builder", (el) => {
  const opened = (e) => {
    const plus = e.target.closest("[data-number]");
    const form = el.querySelector("#processes-add form");
    if (!plus || !form) return;
    form.elements.inside.value = plus.dataset.inside;
    form.elements.number.value = plus.dataset.number;
  };
  const again = (form) => form.querySelector("[data-draw]")?.click();
  const changed = (e) => {
    if (e.target.matches("[data-put-from]")) {
      put(e.target, e.target.value);
      e.target.value = "";
      return;
    }
    if (e.target.closest(".km-fe") || (e.target.matches("select") && e.target.closest("[data-again]"))) again(e.target.form);
  };
  function put(from, text) {
    const input = from.closest(".processes-item").querySelector("textarea, input[type=text]");
    if (!input || !text) return;
    input.setRangeText(text, input.selectionStart, input.selectionEnd, "end");
    input.focus();
  }
  const clicked = (e) => {
    const chip = e.target.closest("[data-put]");
    if (chip) put(chip, chip.dataset.put);
    const drop = e.target.closest("[data-redraw]");
    if (drop) {
      e.preventDefault();
      const fields = drop.form.elements._fields;
      fields.value = fields.value.split(" ").filter((one) => one !== drop.value).join(" ");
      again(drop.form);
    }
    const wish = e.target.closest(".processes-form button[name=_do]");
    if (wish) { // a condition or group is added or taken off: drawn anew, not saved
      e.preventDefault();
      const field = wish.form.querySelector("[data-do]");
      field.value = wish.value;
      field.disabled = false;
      again(wish.form);
    }
    opened(e);
  };
  const key = (e) => {
    if (e.key !== "Escape" || e.defaultPrevented || document.querySelector(":popover-open, dialog[open]")) return;
    el.querySelector("[data-close-side]")?.click();
  };
  el.addEventListener("click", clicked);
  el.addEventListener("change", changed);
  el.addEventListener("keydown", key);
  el.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  return () => {
    el.removeEventListener("click", clicked);
    el.removeEventListener("change", changed);
    el.removeEventListener("keydown", key);
  };
});
