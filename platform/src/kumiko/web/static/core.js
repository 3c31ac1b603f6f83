// What every part uses: settings of the page, commands, elements, toasts, requests.
const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
export const page = JSON.parse(meta("km-shell") || "{}");
export const lang = page.lang || document.documentElement.lang || "en";
export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Text of a key that the server put into the page; the key itself when there is none. */
export const t = (key) => page.texts?.[key] ?? key;
/** A number as the reader writes it. */
export const num = (value, options) => new Intl.NumberFormat(lang, options).format(value);
export const csrf = () => meta("csrf");

/** name -> function(element): run by `data-cmd="name"`, the palette and shortcuts. */
export const commands = {};

/** Custom element `tag`: `mount(el)` runs when it appears and may return what to do when it goes. */
export function define(tag, mount) {
  if (customElements.get(tag)) return;
  customElements.define(tag, class extends HTMLElement {
    connectedCallback() { queueMicrotask(() => { if (this.isConnected && !this.kmOff) this.kmOff = mount(this) || (() => {}); }); }
    disconnectedCallback() { this.kmOff?.(); this.kmOff = null; }
  });
}

/** Listen on the document for elements that match, also those that come later. */
export function on(event, selector, handler, options) {
  document.addEventListener(event, (e) => {
    const el = e.target.closest?.(selector);
    if (el) handler(e, el);
  }, options);
}

/** Same-origin request with the CSRF token; rejects with an Error of the server's words when refused. */
export async function api(path, { method = "GET", body, headers = {} } = {}) {
  const unsafe = method !== "GET";
  const answer = await fetch(path, { method, body, headers: { "HX-Request": "true", ...(unsafe && { "X-CSRF-Token": csrf() }), ...headers } });
  const go = answer.headers.get("HX-Redirect");
  if (go) location.href = go;
  if (!answer.ok) throw Object.assign(new Error(`${answer.status}`), { status: answer.status });
  return answer;
}

const box = () => $("#km-toasts");
function arm(el) {
  let timer;
  const start = () => { timer = setTimeout(() => drop(el), 6000); };
  const stop = () => clearTimeout(timer);
  for (const name of ["pointerenter", "focusin"]) el.addEventListener(name, stop);
  for (const name of ["pointerleave", "focusout"]) el.addEventListener(name, () => { stop(); start(); });
  start();
}
function drop(el) {
  el.remove();
  if (box() && !box().children.length && box().matches(":popover-open")) box().hidePopover();
}
function raise() {
  if (!box()?.showPopover) return;
  if (box().matches(":popover-open")) box().hidePopover();
  box().showPopover();
}

/** Message at the bottom for six seconds: {msg, undo: path to post to, href: details, tone: ok|warn|error, icon}. */
export function toast(detail) {
  const { msg, undo, href, tone = "ok", icon = tone === "ok" ? "" : "alert-circle" } = typeof detail === "string" ? { msg: detail } : detail;
  const template = $("#km-toast-tpl");
  if (!template || !msg) return;
  const el = template.content.firstElementChild.cloneNode(true);
  el.className = `km-toast is-${tone}`;
  el.querySelector("span").textContent = msg;
  const button = el.querySelector("[data-undo]");
  if (undo) button.dataset.undo = undo; else button.remove();
  const link = el.querySelector("a");
  if (href) link.href = href; else link.remove();
  if (icon) { const use = el.querySelector("use"); use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${icon}`)); }
  box().append(el);
  while (box().children.length > 4) box().firstElementChild.remove();
  raise();
  arm(el);
}
on("click", "[data-drop-toast]", (e, el) => drop(el.closest(".km-toast")));
if (box()?.children.length) { raise(); [...box().children].forEach(arm); }
