// <km-chart data='{"kind","labels","series":[{"name","data"}],"unit"}' label="..." save="..."></km-chart>: a chart that is
// drawn once it comes into sight. The page holds the same as a table; what a reader cannot see, the table says.
import { define, lang, num } from "./core.js";

const HUES = ["--accent", "--km-chart-2", "--km-chart-3", "--km-chart-4", "--km-chart-5", "--km-chart-6"];

/** The colour of a token, resolved: canvas knows no light-dark(). */
function colour(el, name) {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  el.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function options(el, given) {
  const text = colour(el, "--text-2"), line = colour(el, "--line");
  const shown = (value) => (value == null ? "–" : given.unit && given.unit !== "%" ? num(value, { style: "currency", currency: given.unit, maximumFractionDigits: 0 }) : num(value) + (given.unit === "%" ? " %" : ""));
  const small = (value) => num(value, { notation: "compact" });
  const isPie = given.kind === "pie", isBar = given.kind === "bars" || given.kind === "stacked";
  const series = given.series.map((one, n) => ({
    name: one.name, type: isPie ? "pie" : isBar ? "bar" : "line", smooth: false, showSymbol: given.labels.length < 16,
    symbolSize: 5, areaStyle: !isPie && !isBar && n === 0 ? { opacity: .08 } : undefined, stack: given.kind === "stacked" ? "all" : undefined,
    radius: ["45%", "72%"], data: isPie ? one.data.map((value, at) => ({ value, name: given.labels[at] })) : one.data,
    label: { color: text },
  }));
  const axes = isPie ? {} : {
    grid: { left: 8, right: 12, top: series.length > 1 ? 34 : 12, bottom: 4, containLabel: true },
    xAxis: { type: "category", data: given.labels, axisLine: { lineStyle: { color: line } }, axisTick: { show: false }, axisLabel: { color: text, hideOverlap: true } },
    yAxis: { type: "value", splitLine: { lineStyle: { color: line } }, axisLabel: { color: text, formatter: small } },
  };
  return {
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches, animationDuration: 250,
    color: HUES.map((name) => colour(el, name)), textStyle: { fontFamily: getComputedStyle(el).fontFamily, color: text },
    tooltip: { trigger: isPie ? "item" : "axis", renderMode: "richText", valueFormatter: shown, backgroundColor: colour(el, "--raised"), borderColor: line, textStyle: { color: colour(el, "--text") } },
    legend: series.length > 1 || isPie ? { top: 0, right: 0, type: "scroll", textStyle: { color: text } } : undefined,
    ...axes, series,
  };
}

define("km-chart", (el) => {
  let chart, seen, sized;
  const given = JSON.parse(el.getAttribute("data") || "{}");
  const box = document.createElement("div");
  box.className = "km-chart-box";
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", el.getAttribute("label") || "");
  el.replaceChildren(box);
  const draw = async () => {
    const echarts = await import("echarts");
    if (!el.isConnected) return;
    chart = echarts.init(box, null, { renderer: "canvas", locale: lang.startsWith("de") ? "DE" : "EN" });
    chart.setOption(options(el, given));
    el.dataset.drawn = "";
    sized = new ResizeObserver(() => chart.resize());
    sized.observe(box);
    if (!el.getAttribute("save")) return;
    const save = Object.assign(document.createElement("button"), { type: "button", className: "km-link km-small km-chart-save", textContent: el.getAttribute("save") });
    save.addEventListener("click", () => {
      const link = Object.assign(document.createElement("a"), { download: `${el.getAttribute("label") || "chart"}.png`, href: chart.getDataURL({ pixelRatio: 2, backgroundColor: colour(el, "--raised") }) });
      link.click();
    });
    el.append(save);
  };
  seen = new IntersectionObserver((entries) => { if (entries.some((one) => one.isIntersecting)) { seen.disconnect(); draw(); } });
  seen.observe(box);
  const theme = new MutationObserver(() => chart?.setOption(options(el, given), true));
  theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  return () => { seen.disconnect(); sized?.disconnect(); theme.disconnect(); chart?.dispose(); };
});
