// Boards: dragging, the keyboard, the menu of a card, and what others change meanwhile.
import htmx from "htmx";
import { $, $$, api, commands, define, on, page, t, toast } from "./core.js";
import { openDialog } from "./glue.js";

const board = () => $("km-board");
const CARD = ".km-kcard";
let dragging = false, moving = 0, dropped = 0, menuOf = null, stale = false;

// --- one card is reached by Tab, arrows walk on from it
function focusCard(card) {
  if (!card) return;
  for (const other of $$(`${CARD}[tabindex="0"]`, board())) other.tabIndex = -1;
  card.tabIndex = 0;
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
}
on("focusin", CARD, (e, card) => {
  for (const other of $$(`${CARD}[tabindex="0"]`, board())) if (other !== card) { other.tabIndex = -1; $("[popovertarget]", other).tabIndex = -1; }
  card.tabIndex = 0;
  $("[popovertarget]", card).tabIndex = 0; // the next stop of Tab, for those who switched single keys off
});
// "Show more" and folding replace what had the focus
let lost = null;
on("click", ".km-lane-more button", (e, button) => { const list = button.closest("ol"); lost = { list, at: cardsOf(list).length }; });
on("click", ".km-lane-head [aria-expanded]", (e, link) => { lost = { id: link.id }; });
function regain() {
  if (!lost) return;
  const { list, at, id } = lost;
  const found = id ? document.getElementById(id) : list.isConnected && cardsOf(list)[at];
  if (!found || (document.activeElement !== document.body && document.activeElement?.isConnected)) return;
  lost = null;
  if (id) found.focus(); else focusCard(found);
}
const cardsOf = (list) => $$(`:scope > ${CARD}`, list);
/** Lists of the same row of the board, in the order of the lanes. */
const listsBeside = (list) => $$(".km-lane-cards", list.closest(".km-board-cells, km-board"));

function walk(card, x, y) {
  const list = card.parentElement, mine = cardsOf(list), at = mine.indexOf(card);
  if (y) return mine[at + y] ? focusCard(mine[at + y]) : y > 0 && $(".km-lane-more button", list)?.focus();
  const lists = listsBeside(list);
  for (let n = lists.indexOf(list) + x; lists[n]; n += x) {
    const cards = cardsOf(lists[n]);
    if (cards.length) return focusCard(cards[Math.min(at, cards.length - 1)]);
  }
  return undefined;
}

document.addEventListener("keydown", (e) => {
  const card = document.activeElement?.matches?.(CARD) && document.activeElement;
  if (!card || e.ctrlKey || e.metaKey || e.altKey || $("dialog[open]")) return;
  const rtl = document.documentElement.dir === "rtl" ? -1 : 1;
  const always = {
    ArrowDown: () => walk(card, 0, 1), ArrowUp: () => walk(card, 0, -1),
    ArrowRight: () => walk(card, rtl, 0), ArrowLeft: () => walk(card, -rtl, 0),
    Home: () => focusCard(cardsOf(card.parentElement)[0]), End: () => focusCard(cardsOf(card.parentElement).at(-1)),
    Enter: () => $("a", card).click(),
  };
  const single = { "[": () => shift(card, -1), "]": () => shift(card, 1), m: () => $("[popovertarget]", card).click() };
  const run = always[e.key] ?? (page.keys === false ? null : single[e.key]);
  if (!run) return;
  e.preventDefault();
  e.stopPropagation();
  run();
}, true);

/** The neighbouring lane, folded or not; the card comes to its top. */
function shift(card, step) {
  const lists = listsBeside(card.parentElement), target = lists[lists.indexOf(card.parentElement) + step];
  if (target && board().hasAttribute("move")) put(card, target);
}

// --- moving: the card goes at once, and back when the server refuses
async function put(card, target, { from = card.parentElement, next = card.nextElementSibling, placed = false } = {}) {
  const home = { from, next };
  if (!placed) target.prepend(card);
  const above = card.previousElementSibling?.matches(CARD) ? card.previousElementSibling : null;
  const below = card.nextElementSibling?.matches(CARD) ? card.nextElementSibling : null;
  const said = $("#km-board-said"), label = target.getAttribute("aria-label");
  said.textContent = said.dataset.moving.replace("{title}", $("a", card).textContent).replace("{lane}", label);
  const values = { id: card.id.slice(1), version: card.dataset.v, lane: target.dataset.lane, from: from.dataset.lane };
  if (above) values.after = above.id.slice(1);
  if (below) values.before = below.id.slice(1);
  if (!target.hasAttribute("data-folded")) focusCard(card);
  const source = document.body.appendChild(document.createElement("span"));
  source.hidden = true;
  let answer = null;
  const listen = (e) => { answer = e.detail; };
  source.addEventListener("km:moved", listen);
  moving++;
  try {
    await htmx.ajax("POST", board().getAttribute("move"), { source, swap: "none", values }).catch(() => {}); // said by glue.js
  } finally {
    moving--;
    source.remove();
  }
  card = document.getElementById(card.id) ?? card;
  if (answer?.ok) {
    if (answer.gone || target.hasAttribute("data-folded")) leave(card, home);
    else focusCard(card);
  } else {
    const back = home.next?.isConnected && home.next.parentElement === home.from ? home.next : $(".km-lane-more", home.from);
    home.from.insertBefore(card, back ?? null);
    focusCard(card);
    if (answer?.ask) await ask(answer.ask, card);
    if (answer?.fresh) await refresh();
  }
  if (stale) refresh();
}
/** A card that the board does not show any more: the focus goes to its neighbour. */
function leave(card, { from, next }) {
  const had = card.contains(document.activeElement) || document.activeElement === document.body;
  card.remove();
  if (had) focusCard(next?.isConnected && next.matches(CARD) ? next : cardsOf(from).at(-1) ?? $(CARD, board()));
}
async function ask(href, card) {
  await openDialog(href);
  $("#km-dialog").addEventListener("close", () => focusCard(document.getElementById(card.id)), { once: true });
}

// --- the menu of a card
on("click", `${CARD} [popovertarget]`, (e, button) => {
  menuOf = button.closest(CARD);
  const menu = $("#km-card-menu"), lane = menuOf.parentElement.dataset.lane;
  $("[data-open]", menu).href = $("a", menuOf).href;
  for (const item of $$("[data-to]", menu)) item.hidden = item.dataset.to === lane;
  setTimeout(() => $(".km-item:not([hidden])", menu)?.focus(), 20);
});
on("click", "#km-card-menu [data-to]", (e, item) => {
  $("#km-card-menu").hidePopover();
  const target = listsBeside(menuOf.parentElement).find((list) => list.dataset.lane === item.dataset.to);
  if (menuOf?.isConnected && target) put(menuOf, target);
});
document.addEventListener("toggle", (e) => {
  if (e.target.id !== "km-card-menu" || e.newState !== "closed") return;
  if (menuOf?.isConnected && (document.activeElement === document.body || e.target.contains(document.activeElement))) focusCard(menuOf);
  if (stale) refresh();
}, true);
on("click", CARD, (e, card) => {
  if (e.target.closest("a, button") || getSelection().toString() || Date.now() - dropped < 300) return;
  $("a", card).click();
});
// the click that ends a drag follows no link
document.addEventListener("click", (e) => {
  if (Date.now() - dropped < 300 && e.target.closest?.(CARD)) { e.preventDefault(); e.stopPropagation(); }
}, true);

// --- dragging, by mouse and touch
let Sortable = null;
async function arm() {
  const host = board();
  if (!host?.hasAttribute("move")) return;
  Sortable ??= (await import("sortablejs")).default;
  for (const list of $$(".km-lane-cards", host)) {
    if (Sortable.get(list)) continue;
    Sortable.create(list, {
      group: list.dataset.place || "cards", draggable: CARD, sort: host.hasAttribute("ordered"), animation: 120,
      forceFallback: true, fallbackOnBody: true, fallbackTolerance: 5, delay: 180, delayOnTouchOnly: true,
      touchStartThreshold: 6, filter: "button", preventOnFilter: false, scrollSensitivity: 60,
      ghostClass: "is-ghost", chosenClass: "is-chosen", dragClass: "is-drag",
      onStart: () => { dragging = true; host.classList.add("is-dragging"); },
      onEnd: ({ item, from, to, oldDraggableIndex, newDraggableIndex }) => {
        dragging = false;
        dropped = Date.now();
        host.classList.remove("is-dragging");
        if (from === to && oldDraggableIndex === newDraggableIndex) { if (stale) refresh(); return; }
        const others = cardsOf(from).filter((card) => card !== item);
        put(item, to, { from, next: others[oldDraggableIndex] ?? null, placed: true });
      },
    });
  }
}
document.addEventListener("htmx:after:swap", () => { if (board()) { arm(); setTimeout(regain, 30); } });

// --- what others change: asked every few seconds, drawn without taking focus, drag or menu away
const busy = () => dragging || moving > 0 || $("#km-card-menu:popover-open") || $("dialog[open]");
async function refresh() {
  if (!board()) return;
  if (busy()) { stale = true; return; }
  stale = false;
  const url = new URL(location.href), held = document.activeElement?.closest?.(CARD)?.id;
  const shown = $$(".km-lane-cards", board()).filter((list) => cardsOf(list).length > 12).map((list) => `${list.dataset.lane}:${cardsOf(list).length}`);
  if (shown.length) url.searchParams.set("_shown", shown.join(","));
  const answer = await api(url.pathname + url.search).catch(() => null);
  if (!answer || busy()) { stale = Boolean(answer); return; }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const now = $("km-board", fresh), old = board();
  if (!now || !old) return;
  old.setAttribute("mark", now.getAttribute("mark"));
  const rows = $(".km-board-row", old);
  if (rows || !sameLanes(old, now)) {
    await swap(old, now.outerHTML);
    for (const cells of $$(".km-board-cells", board())) if ($(".km-lane", cells)) await swap(cells, await (await api(cells.getAttribute("hx-get"))).text(), "innerMorph");
  } else for (const lane of $$(".km-lane", now)) if (stripped($(`#${lane.id}`)) !== stripped(lane)) await swap($(`#${lane.id}`), lane.outerHTML);
  await arm();
  if (held && !document.activeElement?.closest?.(CARD)) focusCard(document.getElementById(held));
  if (!$(`${CARD}[tabindex="0"]`, board())) { const first = $(CARD, board()); if (first) first.tabIndex = 0; }
}
const sameLanes = (a, b) => $$(".km-lane", a).map((l) => l.id + l.dataset.key + l.className).join() === $$(".km-lane", b).map((l) => l.id + l.dataset.key + l.className).join();
const stripped = (lane) => lane.outerHTML.replace(/ tabindex="-?\d"/g, "").replace(/ data-htmx-[a-z-]+="[^"]*"/g, "").replace(/ (data-hx-|style=)[^ >]*/g, "");
const swap = (el, text, how = "outerMorph") => htmx.swap({ sourceElement: el, target: el, text, swap: how, request: {}, response: {} });
commands.refreshBoard = refresh;

define("km-board", (el) => {
  arm();
  let timer, moved = Date.now();
  const touch = () => { moved = Date.now(); };
  addEventListener("pointermove", touch, { passive: true });
  addEventListener("keydown", touch, { passive: true });
  const next = () => { clearTimeout(timer); timer = setTimeout(look, Date.now() - moved < 60000 ? 5000 : 60000); };
  async function look() {
    if (document.hidden) return;
    next();
    const answer = await fetch(`${el.getAttribute("since")}?n=${el.getAttribute("mark")}`, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok) return;
    if (answer.status === 200) await refresh();
    else if (answer.headers.get("Kumiko-Mark")) el.setAttribute("mark", answer.headers.get("Kumiko-Mark"));
  }
  const wake = () => { if (document.hidden) clearTimeout(timer); else { touch(); look(); } };
  document.addEventListener("visibilitychange", wake);
  next();
  return () => { clearTimeout(timer); document.removeEventListener("visibilitychange", wake); removeEventListener("pointermove", touch); removeEventListener("keydown", touch); };
});
