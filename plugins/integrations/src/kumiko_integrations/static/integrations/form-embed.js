// Draws a form of Kumiko on the page of another site: <div data-kumiko-form="KEY"></div><script async src=".../f/KEY/form.js">
(() => {
  const me = document.currentScript;
  const base = me.src.replace(/\/form\.js(?:[?#].*)?$/, "");
  const key = base.split("/").pop();
  const css = `
    :host { display: block; font: inherit; color: inherit; }
    form { display: grid; gap: 14px; max-inline-size: 560px; }
    label { display: grid; gap: 4px; font-size: .92em; }
    label.tick { display: flex; gap: 8px; align-items: start; }
    input:not([type=checkbox]), textarea, select { font: inherit; font-size: 1rem; padding: 9px 11px; border: 1px solid #9aa3b2;
      border-radius: 8px; background: Field; color: FieldText; inline-size: 100%; box-sizing: border-box; }
    textarea { min-block-size: 110px; resize: vertical; }
    :focus-visible { outline: 2px solid #3b6ef6; outline-offset: 1px; }
    button { font: inherit; font-weight: 600; padding: 10px 18px; border: 0; border-radius: 8px; background: #2f5ee0; color: #fff;
      cursor: pointer; justify-self: start; min-block-size: 44px; }
    button[disabled] { opacity: .6; cursor: progress; }
    .error { color: #c02626; font-size: .88em; margin: 2px 0 0; }
    .trap { position: absolute; inset-inline-start: -9999px; block-size: 1px; overflow: hidden; }
    .said { white-space: pre-line; }`;
  const make = (tag, given = {}, ...inside) => {
    const el = document.createElement(tag);
    for (const [name, value] of Object.entries(given)) if (value !== "" && value !== false) el.setAttribute(name, value === true ? "" : value);
    el.append(...inside);
    return el;
  };
  const types = { email: "email", phone: "tel" };
  const fills = { email: "email", phone: "tel", name: "name", organization: "organization" };

  function control(q, words) {
    const given = { name: q.name, required: q.required };
    if (q.choices.length) {
      const blank = make("option", {}, words.choose);
      blank.value = "";
      return make("select", given, blank, ...q.choices.map((c) => make("option", {}, c)));
    }
    if (q.kind === "message") return make("textarea", { ...given, maxlength: "20000", rows: "5" });
    return make("input", { ...given, type: types[q.kind] || "text", maxlength: "2000", autocomplete: fills[q.kind] || "off" });
  }

  function draw(host, set) {
    const root = host.shadowRoot || host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
    const form = make("form", { novalidate: true });
    if (set.intro) form.append(make("p", { class: "said" }, set.intro));
    for (const q of set.questions) form.append(make("label", { "data-q": q.name }, q.label + (q.required ? " *" : ""), control(q, set.words)));
    if (set.consent) form.append(make("label", { class: "tick", "data-q": "consent" }, make("input", { type: "checkbox", name: "consent", value: "yes" }), make("span", {}, set.consent)));
    if (set.trap) form.append(make("div", { class: "trap", "aria-hidden": "true" }, make("label", {}, set.words.trap, make("input", { name: set.trap, tabindex: "-1", autocomplete: "off" }))));
    const note = make("p", { role: "status", class: "error" });
    const button = make("button", { type: "submit" }, set.submit);
    form.append(button, note);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (button.disabled) return;
      button.disabled = true;
      note.textContent = set.words.sending;
      form.querySelectorAll("[data-said]").forEach((el) => el.remove());
      form.querySelectorAll("[aria-invalid]").forEach((el) => el.removeAttribute("aria-invalid"));
      const body = new URLSearchParams(new FormData(form));
      body.set("_token", set.token);
      body.set("_page", location.href);
      body.set("_referrer", document.referrer);
      let said = {};
      try {
        const answer = await fetch(base, { method: "POST", body, headers: { Accept: "application/json" }, credentials: "omit" });
        said = await answer.json();
      } catch { said = { message: set.words.failed }; }
      button.disabled = false;
      if (said.ok && said.redirect) { location.assign(said.redirect); return; }
      if (said.ok) { root.replaceChildren(make("p", { class: "said", role: "status", tabindex: "-1" }, said.message)); root.firstChild.focus(); return; }
      note.textContent = said.message || said.detail || set.words.failed;
      for (const [name, lines] of Object.entries(said.errors || {})) {
        const place = form.querySelector(`[data-q="${CSS.escape(name)}"]`);
        if (!place) continue;
        place.append(make("span", { class: "error", "data-said": true }, lines.join(" ")));
        place.querySelector("input,textarea,select")?.setAttribute("aria-invalid", "true");
      }
      form.querySelector("[aria-invalid=true]")?.focus();
    });
    root.replaceChildren(form);
  }

  fetch(`${base}/config.json`, { credentials: "omit" })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
    .then((set) => {
      const places = document.querySelectorAll(`[data-kumiko-form="${CSS.escape(key)}"]`);
      if (places.length) places.forEach((host) => draw(host, set));
      else { const host = document.createElement("div"); me.after(host); draw(host, set); }
    })
    .catch((why) => console.warn("Kumiko: the form could not be drawn:", why));
})();
