// Command palette: a combobox over the server's search, plus commands of this page.
import { $, $$, commands, csrf, on } from "./core.js";

const dialog = $("#km-palette");
if (dialog) {
  const input = $("input", dialog), list = $("#km-palette-list");
  let timer, turn = 0;
  const items = () => $$("[role=option]", list);
  const chosen = () => $("[aria-selected=true]", list);
  const choose = (el) => {
    chosen()?.setAttribute("aria-selected", "false");
    if (!el) return input.removeAttribute("aria-activedescendant");
    el.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", el.id);
    el.scrollIntoView({ block: "nearest" });
  };
  const recent = `km_recent_${dialog.dataset.user ?? ""}`;
  const opened = () => { try { return JSON.parse(localStorage.getItem(recent)) ?? []; } catch { return []; } };
  if (/^\/[a-z0-9-]+\/\d+$/.test(location.pathname) && $(".km-rec")) {
    try { localStorage.setItem(recent, JSON.stringify([location.pathname, ...opened().filter((path) => path !== location.pathname)].slice(0, 10))); } catch { /* no storage: nothing is remembered */ }
  }
  async function search() {
    const mine = ++turn;
    try {
      const answer = await fetch(`${list.dataset.src}?q=${encodeURIComponent(input.value.trim())}&at=${encodeURIComponent(location.pathname)}&recent=${encodeURIComponent(opened().filter((path) => path !== location.pathname).join(","))}`, { headers: { "HX-Request": "true" } });
      if (answer.headers.get("HX-Redirect")) location.href = answer.headers.get("HX-Redirect");
      if (mine !== turn || !answer.ok) return;
      list.innerHTML = await answer.text();
    } catch { if (mine === turn) list.replaceChildren(); }
    choose(items()[0]);
  }
  function run(el, aside) {
    if (!el) return;
    dialog.close();
    if (el.dataset.cmd) return commands[el.dataset.cmd]?.(el);
    if (el.hasAttribute("data-post")) {
      const form = Object.assign(document.createElement("form"), { method: "post", action: el.dataset.href });
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "_csrf", value: csrf() }));
      document.body.append(form);
      return form.submit();
    }
    if (aside) open(el.dataset.href); else location.href = el.dataset.href;
  }
  commands.palette = () => { if (dialog.open) return dialog.close(); dialog.showModal(); input.select(); search(); };
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, 90); });
  input.addEventListener("keydown", (e) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (step) { e.preventDefault(); const all = items(); choose(all[(all.indexOf(chosen()) + step + all.length) % all.length]); }
    if (e.key === "Enter") { e.preventDefault(); run(chosen(), e.ctrlKey || e.metaKey); }
  });
  on("click", "#km-palette-list [role=option]", (e, el) => run(el, e.ctrlKey || e.metaKey));
  on("pointermove", "#km-palette-list [role=option]", (e, el) => { if (el !== chosen()) choose(el); });
}
