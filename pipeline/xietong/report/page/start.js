// Puts the page together, and again when language or width change.
const SECTIONS = ["read", "coded", "crossed", "attention", "words", "topics", "passages", "method"];

function draw() {
  const root = document.documentElement;
  root.lang = state.language === "zh" ? "zh-Hans" : "en";
  document.title = t("report_title");
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  const other = document.getElementById("language");
  other.textContent = state.language === "zh" ? "English" : "中文";
  other.lang = state.language === "zh" ? "en" : "zh-Hans";
  document.getElementById("lead").textContent = t("report_lead", {
    documents: number(facts.totals.status.ok || 0), passages: number(facts.totals.passages), coded: number(facts.totals.coded), codebook: facts.codebook.name });
  for (const step of [drawRead, drawCoded, drawCrossed, drawAttention, drawWords, drawTopics, drawPassages, drawMethod]) step();
  const links = SECTIONS.filter((id) => !document.getElementById(id).classList.contains("hidden"));
  document.getElementById("contents").setAttribute("aria-label", t("report_contents"));
  document.getElementById("contents").replaceChildren(...links.map((id) => make("a", { href: `#${id}` }, t(`report_nav_${id}`))));
}

function start() {
  state.language = facts.language || ((navigator.language || "en").toLowerCase().startsWith("zh") ? "zh" : "en");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const dress = (theme) => { state.theme = document.documentElement.dataset.theme = theme; };
  dress(dark.matches ? "dark" : "light");
  dark.addEventListener("change", () => dress(dark.matches ? "dark" : "light"));
  document.getElementById("language").addEventListener("click", () => { state.language = state.language === "zh" ? "en" : "zh"; draw(); });
  document.getElementById("theme").addEventListener("click", () => dress(state.theme === "dark" ? "light" : "dark"));
  document.getElementById("print").addEventListener("click", () => print());
  let wide = innerWidth, waiting = 0;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(() => { if (innerWidth !== wide) { wide = innerWidth; draw(); } }, 150); });
  addEventListener("hashchange", openAddress);
  draw();
  Promise.all([unpack(), drawn()]).then(() => { drawPassages(); openAddress(); document.documentElement.dataset.ready = "true"; });
}

start();
