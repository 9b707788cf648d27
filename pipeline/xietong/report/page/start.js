// Puts the page together, and again when language, theme or width change.
const SECTIONS = ["read", "coded", "crossed", "attention", "words", "topics", "passages", "method"];

function draw() {
  const root = document.documentElement;
  root.lang = state.language === "zh" ? "zh-Hans" : "en";
  root.dataset.theme = state.theme;
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
  state.theme = dark.matches ? "dark" : "light";
  dark.addEventListener("change", () => { state.theme = dark.matches ? "dark" : "light"; draw(); });
  document.getElementById("language").addEventListener("click", () => { state.language = state.language === "zh" ? "en" : "zh"; draw(); });
  document.getElementById("theme").addEventListener("click", () => { state.theme = state.theme === "dark" ? "light" : "dark"; draw(); });
  document.getElementById("print").addEventListener("click", () => print());
  // print on white whatever the screen shows
  let before = state.theme;
  addEventListener("beforeprint", () => { before = state.theme; if (before === "dark") { state.theme = "light"; draw(); } });
  addEventListener("afterprint", () => { if (state.theme !== before) { state.theme = before; draw(); } });
  let wide = innerWidth, waiting = 0;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(() => { if (innerWidth !== wide) { wide = innerWidth; draw(); } }, 150); });
  addEventListener("hashchange", openAddress);
  draw();
  unpack().then(() => { drawPassages(); openAddress(); document.documentElement.dataset.ready = "true"; });
}

start();
