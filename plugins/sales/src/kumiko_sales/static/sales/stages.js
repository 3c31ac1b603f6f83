// The order of a pipeline's stages: by dragging, or by the buttons beside each; saved at once, with Undo.
import { api, define, toast } from "kumiko";

define("sales-stages", (el) => {
  const list = el.querySelector("ol");
  const rows = () => [...list.children];
  let kept = rows();

  function mark() {
    const all = rows();
    all.forEach((row, place) => {
      row.querySelector('[data-by="-1"] button').disabled = place === 0;
      row.querySelector('[data-by="1"] button').disabled = place === all.length - 1;
    });
  }

  // What dragging leaves behind would be copied onto a row that is drawn anew, and stopped by the content policy.
  const tidy = () => rows().forEach((row) => row.removeAttribute("style"));

  async function save() {
    const order = rows().map((row) => `${row.dataset.id}:${row.dataset.version}`).join(" ");
    try {
      const answer = await api(el.getAttribute("path"), { method: "POST", body: new URLSearchParams({ order }) });
      const { versions } = await answer.json();
      for (const row of rows()) {
        row.dataset.version = versions[row.dataset.id];
        row.querySelector("[name=_version]").value = versions[row.dataset.id];
      }
      kept = rows();
      const unit = answer.headers.get("X-Unit");
      if (unit) toast({ msg: el.dataset.said, undo: `/units/${unit}/undo` });
    } catch {
      list.append(...kept);
      toast({ msg: el.dataset.stale, tone: "error", href: location.pathname });
    }
    mark();
  }

  const moved = (e) => {
    const form = e.target.closest("form[data-by]");
    if (!form) return;
    e.preventDefault();
    e.stopPropagation();
    const row = form.closest("li"), up = form.dataset.by === "-1";
    const other = up ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    if (up) other.before(row); else other.after(row);
    mark();
    const button = form.querySelector("button");
    (button.disabled ? row.querySelector("[data-by] button:enabled") : button)?.focus();
    delete form.dataset.sent;
    save();
  };
  el.addEventListener("submit", moved);
  document.addEventListener("htmx:after:swap", mark); // a row that was saved is drawn without its neighbours

  let sortable = null;
  import("sortablejs").then(({ default: Sortable }) => {
    sortable = Sortable.create(list, {
      handle: ".sales-grip", animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
      ghostClass: "is-dragged", onEnd: ({ oldIndex, newIndex }) => { setTimeout(tidy, 50); if (oldIndex !== newIndex) save(); },
    });
  });
  return () => { el.removeEventListener("submit", moved); document.removeEventListener("htmx:after:swap", mark); sortable?.destroy(); };
});
