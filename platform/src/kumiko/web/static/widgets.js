// Small behaviours: picker, repeated rows, mentions, dialogs, menus, theme, guarded forms, live counter.
import { $, $$, commands, define, on, page, t, toast } from "./core.js";
import { openDialog } from "./glue.js";

// --- search popup below an input; `pick(option)` gets the chosen element
function popup(input, pop, href, pick) {
  let timer, turn = 0;
  const items = () => $$("[role=option]", pop), chosen = () => $("[aria-selected=true]", pop);
  const close = () => { pop.hidden = true; turn++; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
  const choose = (el) => { chosen()?.setAttribute("aria-selected", "false"); if (el) { el.setAttribute("aria-selected", "true"); input.setAttribute("aria-activedescendant", el.id); el.scrollIntoView({ block: "nearest" }); } };
  const find = (q) => { clearTimeout(timer); timer = setTimeout(async () => {
    const mine = ++turn, url = new URL(href, location.href);
    url.searchParams.set("q", q);
    const answer = await fetch(url, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok || mine !== turn) return;
    pop.innerHTML = await answer.text();
    items().forEach((el, n) => { el.id = `${pop.id}-${n}`; });
    pop.hidden = false;
    input.setAttribute("aria-expanded", "true");
    choose(items()[0]);
  }, 120); };
  input.addEventListener("keydown", (e) => {
    if (pop.hidden) { if (e.key === "ArrowDown" && input.getAttribute("role")) find(""); return; }
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (step) { e.preventDefault(); const all = items(); choose(all[(all.indexOf(chosen()) + step + all.length) % all.length]); }
    if (e.key === "Enter" || (e.key === "Tab" && chosen())) { if (chosen()) { if (e.key === "Enter") e.preventDefault(); e.stopPropagation(); pick(chosen()); close(); } }
    if (e.key === "Escape") { e.preventDefault(); e.stopPropagation(); close(); }
  });
  pop.addEventListener("pointerdown", (e) => { const el = e.target.closest("[role=option]"); if (el) { e.preventDefault(); pick(el); close(); } });
  input.addEventListener("blur", () => setTimeout(close, 120));
  return { find, close };
}

define("km-picker", (el) => {
  const many = el.hasAttribute("many"), input = $("input[role=combobox]", el), hidden = $("input[type=hidden]", el);
  if (!input || input.readOnly) return undefined;
  let text = input.value;
  const { find } = popup(input, $("[role=listbox]", el), el.getAttribute("find"), (option) => {
    if (option.hasAttribute("data-create") && el.getAttribute("create")) return openDialog(`${el.getAttribute("create")}?name=${encodeURIComponent(input.value)}`);
    const key = option.dataset.key ?? input.value, label = option.dataset.label ?? input.value;
    if (!many) { hidden.value = key; input.value = text = label; }
    else {
      if ($$("input[type=hidden]", el).some((other) => other.value === key)) { input.value = ""; return undefined; }
      const chip = document.createElement("span");
      chip.className = "km-fchip is-on";
      chip.append(Object.assign(document.createElement("b"), { textContent: label }), Object.assign(document.createElement("input"), { type: "hidden", name: el.getAttribute("name"), value: key }));
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
      button.setAttribute("data-drop", "");
      button.setAttribute("aria-label", `${t("remove")} ${label}`);
      chip.append(button);
      input.before(chip);
      input.value = "";
    }
    el.dispatchEvent(new Event("change", { bubbles: true }));
    return undefined;
  });
  input.addEventListener("input", () => { if (!many && !input.value) { hidden.value = ""; text = ""; } find(input.value); });
  input.addEventListener("focus", () => input.select());
  input.addEventListener("click", () => find(""));
  if (!many) input.addEventListener("blur", () => { if (input.value && input.value !== text) input.value = text; });
  return undefined;
});
on("click", "[data-drop]", (e, el) => el.parentElement.remove());

define("km-rows", (el) => {
  let next = $$(".km-subrow", el).length + 100;
  el.addEventListener("click", (e) => {
    if (e.target.closest("[data-drop-row]")) { e.target.closest(".km-subrow").remove(); $("[data-add]", el).focus(); }
    if (!e.target.closest("[data-add]")) return;
    const holder = document.createElement("template");
    holder.innerHTML = $("template", el).innerHTML.replaceAll("__n__", next++);
    const row = holder.content.firstElementChild;
    $(".km-subrows", el).append(row);
    row.querySelector("input:not([type=hidden]), select")?.focus();
  });
});

// --- @mentions in the composer
on("input", "[data-mention]", (e, area) => {
  if (!area.kmMention) {
    const pop = Object.assign(document.createElement("div"), { className: "km-pop", hidden: true, id: "km-mentions" });
    pop.setAttribute("role", "listbox");
    area.after(pop);
    area.kmMention = popup(area, pop, area.dataset.mention, (option) => {
      const at = area.value.lastIndexOf("@", area.selectionStart - 1), end = area.selectionStart, name = `@${option.dataset.label} `;
      area.setRangeText(name, at, end, "end");
      area.form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "mentions", value: option.dataset.key }));
    });
  }
  const word = /(?:^|\s)@([\p{L}\p{N}. -]{0,30})$/u.exec(area.value.slice(0, area.selectionStart));
  if (word) area.kmMention.find(word[1]); else area.kmMention.close();
});
on("change", ".km-composer [name=kind]", (e, el) => {
  for (const part of $$("[data-kind]", el.form)) part.hidden = part.disabled = part.dataset.kind !== el.value;
  $("[type=submit]", el.form).textContent = el.dataset.submit;
  $("textarea", el.form).placeholder = el.dataset.placeholder;
});

// --- dialogs, menus, drawer, theme
on("click", "[data-dialog]", (e, el) => {
  if (e.ctrlKey || e.metaKey || e.shiftKey || !$("#km-dialog")) return;
  e.preventDefault();
  el.closest("[popover]")?.hidePopover();
  openDialog(el.getAttribute("href"));
});
on("click", "[data-close]", (e, el) => { const dialog = el.closest("dialog"); if (dialog) { e.preventDefault(); dialog.close(); } });
on("pointerdown", "dialog", (e, el) => { if (e.target === el && !el.querySelector("form[data-dirty]")) { const r = el.getBoundingClientRect(); if (e.clientX < r.left || e.clientX > r.right || e.clientY < r.top || e.clientY > r.bottom) el.close(); } });
on("click", "[data-cmd]", (e, el) => { el.closest("[popover]")?.hidePopover(); if (!el.closest("#km-palette")) commands[el.dataset.cmd]?.(el); });
commands.drawer = (el) => {
  const open = document.body.toggleAttribute("data-drawer");
  $(".km-burger")?.setAttribute("aria-expanded", open);
  if (!open) return $(".km-shade")?.remove();
  const shade = Object.assign(document.createElement("div"), { className: "km-shade" });
  shade.addEventListener("click", () => commands.drawer(el));
  $(".km-shell").append(shade);
  $(".km-side a")?.focus();
  return undefined;
};
document.addEventListener("click", (event) => {  // which parts of the main menu stay unfolded; the server draws them so
  if (!event.target.closest?.(".km-nav summary")) return;
  setTimeout(() => {
    const open = [...document.querySelectorAll(".km-nav details[open]")].map((one) => one.dataset.section);
    document.cookie = `km_menu=${encodeURIComponent(open.join("~"))}; path=/; max-age=31536000; samesite=lax`;
  });
});
commands.theme = () => {
  const root = document.documentElement, order = ["light", "dark", ""];
  const next = order[(order.indexOf(root.dataset.theme ?? "") + 1) % 3];
  if (next) root.dataset.theme = next; else delete root.dataset.theme;
  document.cookie = `km_theme=${next}; path=/; max-age=31536000; samesite=lax`;
  toast(t(`theme-${next || "system"}`));
};

// --- forms: ask, guard what was typed, send once
on("submit", "form", (e, form) => {
  if (form.dataset.confirm && !confirm(form.dataset.confirm)) { e.preventDefault(); e.stopImmediatePropagation(); return; }
  form.removeAttribute("data-dirty");
  if (form.method !== "post") return;
  if (form.dataset.sent && Date.now() - form.dataset.sent < (form.hasAttribute("hx-post") ? 15000 : 4000)) { e.preventDefault(); e.stopImmediatePropagation(); return; }
  form.dataset.sent = Date.now();
}, true);
document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => { delete ctx?.sourceElement?.dataset?.sent; });
on("input", "form[data-guard]", (e, form) => form.setAttribute("data-dirty", ""));
addEventListener("beforeunload", (e) => { if ($("form[data-dirty]")) e.preventDefault(); });
on("input", "[data-typed]", (e, el) => { $("[type=submit]", el.form).disabled = el.value !== el.dataset.typed; });
for (const name of ["dragover", "dragleave", "drop"]) on(name, "[data-drop-file]", (e, el) => {
  e.preventDefault();
  el.classList.toggle("is-over", name === "dragover");
  const input = $("input[type=file]", el);
  if (name === "drop" && input && e.dataTransfer.files.length) { input.files = e.dataTransfer.files; input.dispatchEvent(new Event("change", { bubbles: true })); }
});

// --- counter of the running application: a change offers to load the page again
define("km-live", (el) => {
  let timer, moved = Date.now(), told = false, since = page.live;
  const touch = () => { moved = Date.now(); };
  addEventListener("pointermove", touch, { passive: true });
  addEventListener("keydown", touch, { passive: true });
  async function ask() {
    timer = setTimeout(ask, Date.now() - moved < 60000 ? 5000 : 60000);
    if (document.hidden) return;
    const answer = await fetch(el.getAttribute("src"), { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok) return;
    const news = await answer.json();
    if (news.live !== since && !told) { told = true; toast({ msg: t("updated"), href: location.href, tone: "warn" }); }
    since = news.live;
    document.dispatchEvent(new CustomEvent("km:live", { detail: news }));
  }
  timer = setTimeout(ask, document.querySelector("[data-unread-soon]") ? 1000 : 5000);
  return () => { clearTimeout(timer); removeEventListener("pointermove", touch); removeEventListener("keydown", touch); };
});

// --- details that are folded on a phone, so that what one does next is in sight; wide pages show them, without a switch
const narrow = matchMedia("(max-width: 760px)");
const fold = () => { for (const el of $$("[data-fold]")) el.open = !narrow.matches; };
narrow.addEventListener("change", fold);
fold();
