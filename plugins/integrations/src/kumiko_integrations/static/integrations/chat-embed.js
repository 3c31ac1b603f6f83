// The chat of Kumiko on the page of another site: <script async src=".../integrations/chat/KEY/chat.js"></script>
(() => {
  const base = document.currentScript.src.replace(/\/chat\.js(?:[?#].*)?$/, "");
  const kept = `kumiko-chat:${base}`;
  const css = `
    :host { all: initial; }
    * { box-sizing: border-box; font-family: system-ui, sans-serif; }
    .open { position: fixed; inset-block-end: 20px; inset-inline-end: 20px; inline-size: 56px; block-size: 56px; border: 0; border-radius: 50%;
      background: #2f5ee0; color: #fff; cursor: pointer; z-index: 2147483000; box-shadow: 0 4px 16px rgb(0 0 0 / .25); }
    .open svg { inline-size: 26px; block-size: 26px; vertical-align: middle; }
    .box { position: fixed; inset-block-end: 88px; inset-inline-end: 20px; inline-size: min(360px, calc(100vw - 24px)); block-size: min(520px, calc(100vh - 110px));
      display: flex; flex-direction: column; background: #fff; color: #1c2330; border: 1px solid #d5dae3; border-radius: 14px; overflow: hidden;
      z-index: 2147483000; box-shadow: 0 8px 32px rgb(0 0 0 / .2); font-size: 15px; line-height: 1.4; }
    .box[hidden] { display: none; }
    header { display: flex; justify-content: space-between; align-items: center; padding: 10px 14px; background: #2f5ee0; color: #fff; font-weight: 600; }
    header button { background: none; border: 0; color: inherit; font-size: 22px; inline-size: 32px; block-size: 32px; cursor: pointer; }
    ol { flex: 1; margin: 0; padding: 14px; overflow-y: auto; list-style: none; display: flex; flex-direction: column; gap: 8px; }
    li { max-inline-size: 85%; padding: 8px 12px; border-radius: 12px; background: #eef1f6; white-space: pre-line; overflow-wrap: anywhere; align-self: flex-start; }
    li.visitor { background: #2f5ee0; color: #fff; align-self: flex-end; }
    li.person { background: #dff3e4; }
    .choices { display: flex; flex-wrap: wrap; gap: 6px; padding: 0 14px 8px; max-block-size: 40%; overflow-y: auto; }
    .choices button { border: 1px solid #2f5ee0; background: #fff; color: #2f5ee0; border-radius: 16px; padding: 6px 12px; cursor: pointer; text-align: start; font-size: 14px; }
    form { display: flex; gap: 8px; padding: 10px; border-block-start: 1px solid #d5dae3; }
    input { flex: 1; min-inline-size: 0; font-size: 16px; padding: 8px 10px; border: 1px solid #9aa3b2; border-radius: 8px; color: inherit; background: #fff; }
    form button { border: 0; border-radius: 8px; background: #2f5ee0; color: #fff; padding: 8px 14px; cursor: pointer; }
    .said { color: #c02626; padding: 0 14px 6px; font-size: 13px; }
    :focus-visible { outline: 2px solid #f2a900; outline-offset: 1px; }`;
  const make = (tag, given = {}, ...inside) => {
    const el = document.createElement(tag);
    for (const [name, value] of Object.entries(given)) el.setAttribute(name, value);
    el.append(...inside);
    return el;
  };
  const ask = async (verb, values) => {
    const answer = await fetch(`${base}/${verb}`, { method: "POST", body: new URLSearchParams(values), credentials: "omit" });
    const said = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(said.message || said.detail || ""), { status: answer.status });
    return said;
  };

  const host = make("div", { "data-kumiko-chat": "" });
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("viewBox", "0 0 24 24");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("fill", "currentColor");
  path.setAttribute("d", "M4 4h16a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H9l-5 4v-4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z");
  icon.append(path);
  const opener = make("button", { class: "open", type: "button", "aria-expanded": "false", "aria-label": "Chat" }, icon);
  const title = make("span");
  const closer = make("button", { type: "button", "aria-label": "×" }, "×");
  const list = make("ol", { "aria-live": "polite", tabindex: "0" });
  const choices = make("div", { class: "choices" });
  const note = make("div", { class: "said", role: "alert" });
  const field = make("input", { name: "text", maxlength: "2000", autocomplete: "off" });
  const button = make("button", { type: "submit" });
  const form = make("form", {}, field, button);
  const box = make("section", { class: "box", role: "dialog", hidden: "" }, make("header", {}, title, closer), list, choices, note, form);
  root.append(box, opener);

  let set = null;
  try { set = JSON.parse(sessionStorage.getItem(kept) || "null"); } catch { set = null; }
  let last = 0, timer = 0, busy = false;
  const keep = () => { try { sessionStorage.setItem(kept, JSON.stringify(set)); } catch { /* a page without storage */ } };

  function show(said) {
    for (const line of said.lines) {
      if (line.id <= last) continue;
      last = line.id;
      list.append(make("li", { class: line.who, "aria-label": set.words[line.who] || "" }, line.text));
    }
    list.scrollTop = list.scrollHeight;
  }
  function offer(words) {
    choices.replaceChildren(...words.map((word) => {
      const one = make("button", { type: "button" }, word);
      one.addEventListener("click", () => send(word));
      return one;
    }));
  }
  function name() {
    title.textContent = set.name;
    box.setAttribute("aria-label", set.name);
    opener.setAttribute("aria-label", set.words.open);
    closer.setAttribute("aria-label", set.words.close);
    field.setAttribute("aria-label", set.words.write);
    field.setAttribute("placeholder", set.words.write);
    button.textContent = set.words.send;
  }
  async function begin() {
    const said = await ask("begin", { page: location.href, referrer: document.referrer });
    set = { token: said.token, name: said.name, words: said.words };
    last = 0;
    list.replaceChildren();
    keep();
    name();
    show(said);
    offer(said.choices);
  }
  async function resume() {
    name();
    try { show(await ask("lines", { token: set.token, after: last })); }
    catch (why) { if (why.status === 404) await begin(); }
  }
  async function send(text) {
    if (busy || !text.trim()) return;
    busy = true;
    note.textContent = "";
    const key = `${Date.now()}-${Math.random().toString(36).slice(2)}`;
    try {
      let said;
      try { said = await ask("say", { token: set.token, text, key, after: last }); }
      catch (why) { if (why.status) throw why; said = await ask("say", { token: set.token, text, key, after: last }); }
      show(said);
      offer(said.choices);
      field.value = "";
    } catch (why) { note.textContent = why.message || set.words.failed; }
    busy = false;
  }
  async function look() {
    if (!busy && set && !box.hidden) { try { show(await ask("lines", { token: set.token, after: last })); } catch { /* the next look */ } }
  }
  async function toggle(open) {
    box.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    clearInterval(timer);
    if (!open) { opener.focus(); return; }
    try { await (set ? resume() : begin()); } catch (why) { note.textContent = why.message || "–"; }
    timer = setInterval(look, 4000);
    field.focus();
  }
  opener.addEventListener("click", () => toggle(box.hidden));
  closer.addEventListener("click", () => toggle(false));
  box.addEventListener("keydown", (event) => { if (event.key === "Escape") toggle(false); });
  form.addEventListener("submit", (event) => { event.preventDefault(); send(field.value); });
  (document.body || document.documentElement).append(host);
})();
