// My day by keys: done, done and next, put off, for the row that has the focus (else the first one).
import { define } from "kumiko";

const WANTED = { d: "[data-tasks-done]", w: "[data-tasks-next]", l: "[data-tasks-later]" };

define("tasks-keys", (el) => {
  const here = el.closest(".tasks");
  function pressed(e) {
    if (e.ctrlKey || e.metaKey || e.altKey || !WANTED[e.key] || document.querySelector("dialog[open]")) return;
    if (e.target.closest?.("input, textarea, select, [contenteditable]")) return;
    const row = document.activeElement?.closest?.("tr[id]") ?? here.querySelector("tr[id]");
    const button = row?.querySelector(WANTED[e.key]);
    if (!button) return;
    e.preventDefault();
    button.click();
  }
  document.addEventListener("keydown", pressed);
  return () => document.removeEventListener("keydown", pressed);
});
