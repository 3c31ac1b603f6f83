// The bell: how many notices are not read yet, and a message for those that come while a page is open.
import { $, $$, api, toast } from "./core.js";

const KEPT = "km-notices"; // this tab's {unread, notice}: a page shows the number at once, and tells nothing twice
const kept = () => { try { return JSON.parse(sessionStorage.getItem(KEPT)); } catch { return null; } };
const keep = (news) => { try { sessionStorage.setItem(KEPT, JSON.stringify(news)); } catch { /* private window */ } };

function show(unread) {
  for (const link of $$("[data-unread]")) {
    link.hidden = !unread;
    link.textContent = unread > 98 ? "99+" : `${unread || ""}`;
  }
  $(".km-burger")?.classList.toggle("has-news", unread > 0);
}

async function tell(after) {
  const answer = await api(`/notices/news?after=${after}`).catch(() => null);
  for (const one of (await answer?.json())?.notices ?? []) toast({ msg: one.text, href: one.href || "/notices", icon: "bell" });
}

document.addEventListener("km:live", ({ detail: news }) => {
  if (news.unread === undefined) return;
  const before = kept();
  show(news.unread);
  if (before && news.notice > before.notice) tell(before.notice);
  keep({ unread: news.unread, notice: Math.max(news.notice, before?.notice ?? 0) });
});

if (!$("km-live")) sessionStorage.removeItem(KEPT); // somebody else may sign in here
const here = $("[data-unread-now]")?.dataset.unreadNow; // the page of notices knows better than what was kept
const known = kept();
if (known && here !== undefined) keep({ ...known, unread: Number(here) });
if (!known) $("[data-unread]")?.setAttribute("data-unread-soon", ""); // ask at once, not after the usual pause
show(here !== undefined ? Number(here) : known?.unread ?? 0);
