// The filter editor: buttons and changed fields draw it anew, what is typed is counted.
import { $, api, on } from "./core.js";

let timer, turn = 0;
const body = (form, wish) => { const data = new FormData(form); if (wish) data.set("_do", wish); return data; };

async function draw(form, wish) {
  const mine = ++turn, here = document.activeElement?.id;
  clearTimeout(timer);
  const answer = await api(form.action, { method: "POST", body: body(form, wish) }).catch(() => null);
  delete form.dataset.sent;
  if (!answer) return form.submit();
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  const fresh = $("#km-fe", holder.content);
  if (!fresh || mine !== turn) return undefined;
  form.replaceWith(fresh);
  document.getElementById(fresh.dataset.at ? `f-${fresh.dataset.at}` : here)?.focus();
  return undefined;
}
async function count(form) {
  const mine = ++turn;
  const answer = await api(form.dataset.count, { method: "POST", body: body(form) }).catch(() => null);
  if (answer && mine === turn && form.isConnected) $("#km-fe-said").innerHTML = await answer.text();
}
on("submit", "#km-fe", (e, form) => {
  if (e.submitter?.name !== "_do") return;
  e.preventDefault();
  draw(form, e.submitter.value);
});
// Letters typed into a select choose one option after the other: drawing between them would end the word.
let typed = 0;
on("keydown", "#km-fe [data-again]", (e) => { if (e.key.length === 1) typed = e.timeStamp; });
on("change", "#km-fe [data-again]", (e, el) => {
  clearTimeout(timer);
  timer = setTimeout(() => draw(el.form, "draw"), e.timeStamp - typed < 600 ? 450 : 0);
});
on("focusout", "#km-fe [data-again]", () => { typed = 0; });
for (const name of ["input", "change"]) on(name, "#km-fe", (e, form) => {
  if (e.target.closest("[data-again]")) return;
  clearTimeout(timer);
  timer = setTimeout(() => count(form), 350);
});
