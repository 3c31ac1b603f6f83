// htmx under our rules: token on unsafe requests, refused answers never swapped in, focus kept, busy bar.
import htmx from "htmx";
import { $, commands, csrf, on, t, toast } from "./core.js";

let busy = 0;
const root = document.documentElement;
const tone = (change) => { busy = Math.max(0, busy + change); root.toggleAttribute("data-busy", busy > 0); };

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  const { request, sourceElement } = ctx;
  if (!/^(GET|HEAD)$/.test(request.method)) request.headers["X-CSRF-Token"] = csrf();
  if (sourceElement.matches?.("#km-filters")) {
    for (const [name, value] of [...request.body]) if (value === "" || name.startsWith("_")) request.body.delete(name);
  }
});
document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => { ctx.kmOffline = !navigator.onLine; tone(1); });
document.addEventListener("htmx:finally:request", () => tone(-1));

// A refused cell keeps its editor: the answer (the same form with its error) replaces the form, not the cell.
document.addEventListener("htmx:before:response", ({ detail: { ctx } }) => {
  if (ctx.response.status === 422 && ctx.sourceElement.matches?.(".km-cell-form")) {
    ctx.target = ctx.sourceElement;
    ctx.swap = "outerHTML";
    ctx.select = null;
  }
});
document.addEventListener("htmx:before:swap", (e) => {
  const { ctx } = e.detail;
  const status = ctx.response?.status ?? 200;
  if (status < 400 || status === 422) return;
  e.preventDefault();
  if (ctx.hx?.trigger?.includes("km:toast")) return;
  const known = { 403: "forbidden", 404: "gone", 412: "stale", 502: lost(ctx), 504: late(ctx) }[status]; // 502 and 504 are a proxy's
  toast({ msg: t(known ?? "failed"), tone: "error" });
});
// No answer: what was asked for may have been done all the same, so nobody is told that nothing was changed.
const isRead = (ctx) => /^(GET|HEAD)$/.test(ctx.request.method);
const late = (ctx) => (isRead(ctx) ? "late" : "late-change");
const lost = (ctx) => (isRead(ctx) ? "failed" : "lost-change");
document.addEventListener("htmx:error", (e) => {
  const { ctx, error } = e.detail;
  if (!ctx?.request) return console.error(error);
  const key = ctx.request.signal?.reason === "timeout" ? late(ctx) : ctx.kmOffline || (isRead(ctx) && !navigator.onLine) ? "offline" : lost(ctx);
  toast({ msg: t(key), tone: "error" });
});

document.addEventListener("km:toast", (e) => toast(e.detail));
document.addEventListener("km:focus", (e) => setTimeout(() => $(e.detail.sel)?.focus(), 20));
document.addEventListener("km:close", () => { for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close(); });
document.addEventListener("km:reload", () => reloadList());
on("click", "[data-undo]", async (e, el) => {
  el.disabled = true;
  el.closest(".km-toast")?.remove();
  await send("POST", el.dataset.undo);
});

// Each call has a source of its own: htmx lets only one request per source run and would drop the second.
/** Request whose answer is only headers (toast, refresh, redirect). */
export async function send(method, path, values) {
  const source = document.body.appendChild(document.createElement("span"));
  source.hidden = true;
  await htmx.ajax(method, path, { source, swap: "none", values });
  source.remove();
}
/** Load HTML into an element. */
export const load = (path, target, options = {}) => htmx.ajax("GET", path, { source: target, target, swap: "innerHTML", ...options });

/** Draw the list again as its address says; another page is loaded anew. */
export function reloadList() {
  if (!$("#km-list")) return location.reload();
  if ($("km-board")) return commands.refreshBoard();
  return htmx.ajax("GET", location.pathname + location.search, { source: "#km-list", target: "#km-list", swap: "outerHTML", select: "#km-list" });
}

/** Show `href` in the page's dialog; `extra` are hidden fields added to its form; `asked`: another method, with values. */
export async function openDialog(href, extra = [], asked = {}) {
  const dialog = $("#km-dialog"), body = $("#km-dialog-body");
  body.replaceChildren();
  const { method = "GET", ...more } = asked;
  await htmx.ajax(method, href, { source: body, target: body, swap: "innerHTML", headers: { "X-Dialog": "1" }, ...more });
  if (!body.children.length) return;
  $("#km-dialog-title").textContent = $("[data-title]", body)?.dataset.title ?? "";
  const form = $("form", body);
  for (const [name, value] of extra) form?.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  dialog.showModal();
  ($("[autofocus]", body) ?? $("[aria-invalid=true], input:not([type=hidden]), select, textarea", body) ?? dialog).focus();
}
