// What somebody typed outlives the end of the session: kept in this tab until the same person has signed in again.
import { $, $$, on, t, toast } from "./core.js";
import { openDialog } from "./glue.js";

const KEY = "km-draft", LONGEST_MS = 3600000;
const me = () => $(".km-me > button")?.textContent.trim() ?? "";
const parts = (form) => [...form.elements].filter((el) => !/^(button|submit|fieldset|file|password)$/.test(el.type) && !/^_(csrf|version)$/.test(el.name));
const forget = () => sessionStorage.removeItem(KEY);

on("submit", "form[data-guard]", (e, form) => {
  if (e.defaultPrevented || !me()) return;
  const values = parts(form).map((el) => [el.name, el.value, el.checked ?? null]);
  const draft = { at: Date.now(), me: me(), path: location.pathname + location.search, action: form.getAttribute("action"), dialog: !!form.closest("dialog"), values };
  try { sessionStorage.setItem(KEY, JSON.stringify(draft)); } catch { /* more than the browser keeps */ }
}, true);
document.addEventListener("htmx:before:response", ({ detail: { ctx } }) => { if (ctx.sourceElement.matches?.("form[data-guard]") && ctx.response.status !== 401) forget(); });

const find = (draft) => $$("form[data-guard]").find((form) => form.getAttribute("action") === draft.action);
/** Put the values back; rows that the person had added are added again. */
function fill(form, values) {
  for (const holder of $$("km-rows", form)) {
    const name = $("template", holder)?.innerHTML.match(/name="([^"]+)\.__n__\./)?.[1];
    const sent = new Set(values.map(([key]) => (key.startsWith(`${name}.`) ? key.slice(name.length + 1).split(".")[0] : "")).filter((number) => /^\d+$/.test(number)));
    const here = new Set(parts(form).map((el) => el.name.match(/\.(\d+)\./) && el.name.startsWith(`${name}.`) ? el.name.slice(name.length + 1).split(".")[0] : "").filter(Boolean));
    for (let missing = sent.size - here.size; missing > 0; missing--) $("[data-add]", holder)?.click();
  }
  const elements = parts(form);
  const same = elements.length === values.length;
  values.forEach(([name, value, checked], index) => {
    const el = same ? elements[index] : elements.find((one) => one.name && one.name === name && (!/^(checkbox|radio)$/.test(one.type) || one.value === value));
    if (!el) return;
    if (/^(checkbox|radio)$/.test(el.type)) el.checked = checked; else el.value = value;
  });
  for (const el of $$("input[type=radio]:checked", form)) el.dispatchEvent(new Event("change", { bubbles: true }));
  form.setAttribute("data-dirty", "");
}

async function bringBack() {
  const text = sessionStorage.getItem(KEY);
  if (!text || !me()) return;
  forget();
  const draft = JSON.parse(text);
  const signedIn = document.referrer.startsWith(`${location.origin}/sign-in`);
  if (!signedIn || draft.me !== me() || draft.path !== location.pathname + location.search || Date.now() - draft.at > LONGEST_MS) return;
  if (draft.dialog) await openDialog(draft.action);
  const form = find(draft);
  if (!form) return;
  fill(form, draft.values);
  toast({ msg: t("draft"), tone: "warn" });
}
setTimeout(bringBack);  // elements mount in a microtask after all modules
