// Rules of fields in a form: what is shown, needed or locked follows what is typed. The server judges with the same words.
import { $, $$, define, lang } from "./core.js";

const decimal = new Intl.NumberFormat(lang).formatToParts(1.5).find((part) => part.type === "decimal")?.value ?? ".";
const number = (text) => { const plain = String(text).replace(new RegExp(`[^0-9${decimal === "." ? "\\." : decimal}-]`, "g"), "").replace(decimal, "."); return plain === "" || Number.isNaN(Number(plain)) ? null : Number(plain); };
const isEmpty = (value) => value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length);
const NUMBERS = ["integer", "number", "percent", "money"];

function compare(node, value) {
  const { kind, op } = node, wanted = Array.isArray(node.v) ? node.v : [node.v];
  let held = value, empty = isEmpty(value);
  if (op === "empty" || op === "nempty") return empty === (op === "empty");
  if (op === "ne" || op === "nin") return !compare({ ...node, op: op === "ne" ? "eq" : "in" }, value);
  if (kind === "boolean") return wanted.some((one) => /^(true|1|yes)$/i.test(String(one)) === (held === true || held === "true"));
  if (empty) return false;
  if (kind === "multichoice") return wanted.some((one) => held.includes(one));
  const plain = (one) => NUMBERS.includes(kind) ? Number(one?.value ?? one) : kind === "moment" ? String(one).slice(0, 10) : String(one);
  held = NUMBERS.includes(kind) ? (typeof held === "number" ? held : number(held)) : plain(held);
  if (op === "eq" || op === "in") return wanted.some((one) => plain(one) === held);
  const low = plain(wanted[0]);
  return { gt: held > low, gte: held >= low, lt: held < low, lte: held <= low }[op] ?? false;
}
const holds = (node, value) => node.and ? node.and.every((one) => holds(one, value)) : node.or ? node.or.some((one) => holds(one, value)) : compare(node, value(node.f));

define("km-rules", (el) => {
  const form = el.closest("form"), { rules, values } = JSON.parse(el.dataset.rules);
  const field = (name) => $(`[data-field="${name}"]`, form);
  const value = (name) => {
    const place = field(name);
    if (!place) return values[name];
    const inputs = $$(`[name="${name}"]`, place), boxes = inputs.filter((one) => one.type === "checkbox");
    if (boxes.length && boxes[0].getAttribute("role") === "switch") return boxes[0].checked;
    if (boxes.length) return boxes.filter((one) => one.checked).map((one) => one.value);
    return inputs.at(-1)?.value ?? "";
  };
  const apply = () => {
    for (const [name, rule] of Object.entries(rules)) {
      const place = field(name);
      if (!place) continue;
      const shown = !rule.shown || holds(rule.shown, value), locked = shown && !!rule.locked && holds(rule.locked, value);
      const needed = shown && !!rule.required && holds(rule.required, value);
      place.hidden = !shown;
      place.toggleAttribute("data-locked", locked);
      for (const input of $$("input, select, textarea, button", place)) {
        if (!shown || locked) { if (!input.disabled) { input.disabled = true; input.dataset.byRule = ""; } }
        else if ("byRule" in input.dataset) { input.disabled = false; delete input.dataset.byRule; }
      }
      if (rule.required) {
        const label = $("label, .km-label", place), star = $(".km-req", label);
        if (needed && !star) label.append(" ", Object.assign(document.createElement("span"), { className: "km-req", textContent: "*", ariaHidden: "true" }));
        if (!needed && star) star.remove();
        $("input:not([type=hidden]), select, textarea", place)?.setAttribute("aria-required", String(needed));
      }
    }
    for (const group of $$("fieldset", form)) group.hidden = $$(".km-field", group).length > 0 && $$(".km-field", group).every((one) => one.hidden);
  };
  apply();
  form.addEventListener("input", apply);
  form.addEventListener("change", apply);
});
