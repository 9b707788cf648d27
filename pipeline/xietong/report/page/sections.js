// The sections of numbers: what was read, how much was coded, codes together, attention, words, method.
const choice = { crossed: "count", by: "year", facet: 0 };

function width() {
  return Math.max(320, Math.min(document.querySelector("main").clientWidth - 40, 1160));
}

function tile(value, name, kind = "") {
  return make("div", { class: `tile ${kind}` }, make("b", {}, typeof value === "number" ? number(value) : value), make("span", {}, name));
}

function drawRead() {
  const documents = facts.documents, totals = facts.totals, status = totals.status;
  const failed = (status.failed || 0) + (status.empty || 0);
  const tiles = [tile(documents.file.length, t("report_documents_read")), tile(status.ok || 0, t("report_status_ok"))];
  for (const name of ["failed", "empty", "duplicate"]) if (status[name]) tiles.push(tile(status[name], t(`report_status_${name}`), name === "failed" ? "bad" : ""));
  tiles.push(tile(totals.passages, t("report_passages_found")), tile(documents.n_chars.reduce((sum, n) => sum + (n || 0), 0), t("report_characters")));
  const body = part("read");
  body.replaceChildren(make("div", { class: "tiles" }, ...tiles));
  const bad = documents.status.map((name, i) => [name, i]).filter(([name]) => name !== "ok").map(([, i]) => i);
  if (failed || bad.length) {
    const most = bad.slice(0, 1000);
    body.append(make("h3", {}, t("report_not_read")), table(
      [{ name: t("report_file"), class: "file" }, { name: t("report_status") }, { name: t("report_reason"), class: "reason" }],
      most.map((i) => [documents.file[i], worded("status", documents.status[i]), (state.language === "zh" ? documents.reason_zh : documents.reason)[i] || ""]), t("report_not_read")));
    if (most.length < bad.length) body.append(make("p", { class: "about" }, t("report_first_rows", { n: number(most.length), of: number(bad.length) })));
  } else body.append(make("p", {}, t("report_all_read")));
  if (totals.alike) body.append(make("p", {}, t("report_alike", { n: number(totals.alike) })));
  const list = make("details", {}, make("summary", {}, t("report_all_documents", { n: number(documents.file.length) })));
  list.addEventListener("toggle", () => { if (list.open && list.children.length === 1) list.append(documentTable()); });
  body.append(list);
}

function documentTable() {
  const documents = facts.documents, most = Math.min(documents.file.length, 2000);
  const rows = Array.from({ length: most }, (_, i) => [documents.title[i] || documents.file[i], documents.file[i],
    worded("status", documents.status[i]), named(documents.region[i]), worded("level", documents.level[i]), named(documents.year[i]),
    number(documents.n_chars[i] || 0), number(documents.n_passages[i] || 0)]);
  const columns = [{ name: t("report_title_of"), class: "file" }, { name: t("report_file"), class: "file" }, { name: t("report_status") },
    { name: t("report_region") }, { name: t("report_level") }, { name: t("report_year") },
    { name: t("report_characters"), number: true }, { name: t("report_passages"), number: true }];
  const note = most < documents.file.length ? make("p", { class: "about" }, t("report_first_rows", { n: number(most), of: number(documents.file.length) })) : null;
  return make("div", {}, table(columns, rows, t("report_read")), ...(note ? [note] : []));
}

function drawCoded() {
  const totals = facts.totals, body = part("coded"), figures = [];
  const tiles = [tile(totals.coded, t("report_passages_coded"))];
  facts.facets.forEach((facet, i) => {
    const share = (n, key) => tiles.push(tile(percent(n / Math.max(1, totals.coded)), t(key, { facet: facetLabel(facet) })));
    const isWide = facts.codes.some((code) => code.facet === facet && code.scale_max > 1);
    share(totals.with_any[i], isWide ? "report_with_theme" : "report_with_facet");
    if (isWide) share(totals.with_synergy[i], "report_with_synergy");
  });
  tiles.push(tile(totals.review, t("report_to_review")));
  const columns = [{ name: t("report_code") }, { name: t("report_passages"), number: true }, { name: t("report_synergy"), number: true },
    { name: t("report_share"), number: true }, { name: t("report_documents"), number: true }];
  for (const facet of facts.facets) {
    const codes = facts.codes.map((code, i) => [code, i]).filter(([code]) => code.facet === facet);
    const bars = codes.map(([code, i]) => {
      const present = totals.present[i], synergy = totals.synergy[i];
      const pieces = code.scale_max > 1
        ? [{ value: synergy, color: "synergy", name: t("report_synergy") }, { value: present - synergy, color: "theme", name: t("report_theme_value") }]
        : [{ value: present, color: "mechanism", name: t("report_present") }];
      return { name: label(code), pieces, total: present, note: `${number(present)} · ${percent(present / Math.max(1, totals.coded))}` };
    });
    const two = codes.some(([code]) => code.scale_max > 1);
    const legend = two ? make("div", { class: "legend" }, make("span", {}, make("i", { class: "swatch-synergy" }), t("report_synergy")), make("span", {}, make("i", { class: "swatch-theme" }), t("report_theme_value"))) : null;
    const data = table(columns, codes.map(([code, i]) => [label(code), number(totals.present[i]), code.scale_max > 1 ? number(totals.synergy[i]) : "–",
      percent(totals.present[i] / Math.max(1, totals.coded)), number(totals.documents_with[i])]), facetLabel(facet));
    figures.push(make("h3", {}, facetLabel(facet)), ...(legend ? [legend] : []), figure(`coded-${facet}`, facetLabel(facet), barChart(bars, width()), data));
  }
  place(body, make("div", { class: "tiles" }, ...tiles), ...figures);
}

function drawCrossed() {
  const [down, across] = facts.crossed, body = part("crossed"), together = facts.totals.together;
  if (!down.length) return;
  const values = down.map((i) => across.map((j) => (i === j ? 0 : choice.crossed === "count" ? together[i][j] : together[i][j] / Math.max(1, facts.totals.present[i]))));
  const texts = values.map((row) => row.map((value) => (choice.crossed === "count" ? number(value) : percent(value))));
  const [rows, columns] = [down, across].map((places) => places.map((i) => label(facts.codes[i])));
  const buttons = ["count", "share"].map((name) => make("button", { type: "button", "aria-pressed": String(choice.crossed === name),
    onclick: () => { choice.crossed = name; drawCrossed(); } }, t(`report_crossed_${name}`)));
  const open = (at) => openPassages([down[Math.floor(at / across.length)], across[at % across.length]]);
  const data = table([{ name: "" }, ...columns.map((name) => ({ name, number: true }))], rows.map((name, i) => [name, ...texts[i]]), t("report_crossed"));
  place(body, make("div", { class: "tools" }, ...buttons), figure("codes-together", t("report_crossed"), heatMap(rows, columns, values, texts, width()), data, choosable(open)));
}

function drawAttention() {
  const body = part("attention"), groups = facts.attention[choice.by], facet = facts.facets[choice.facet];
  const codes = facts.codes.map((code, i) => [code, i]).filter(([code]) => code.facet === facet);
  const bySelect = make("div", { class: "tools" },
    ...["year", "region", "level"].map((name) => make("button", { type: "button", "aria-pressed": String(choice.by === name), onclick: () => { choice.by = name; drawAttention(); } }, t(`report_by_${name}`))),
    make("span", { class: "spring" }),
    ...facts.facets.map((name, i) => make("button", { type: "button", "aria-pressed": String(choice.facet === i), onclick: () => { choice.facet = i; drawAttention(); } }, facetLabel(name))));
  if (!groups || !groups.length) return body.replaceChildren(bySelect, make("p", {}, t("report_nothing")));
  const say = (group) => (choice.by === "level" ? worded("level", group.value) : named(group.value));
  const point = (group, i) => ({ year: group.value, share: group.share[i], low: group.low[i], high: group.high[i],
    text: `${say(group)}: ${percent(group.share[i])}${group.low[i] === null ? "" : ` (${percent(group.low[i])} – ${percent(group.high[i])})`}; ${t("report_of_passages", { n: number(group.present[i]), of: number(group.passages), documents: number(group.documents) })}` });
  const dated = groups.filter((group) => typeof group.value === "number");
  const asLines = choice.by === "year" && dated.length > 1;
  const shown = asLines ? dated : groups;
  const panels = codes.map(([code, i]) => ({ name: label(code), color: code.scale_max > 1 ? "synergy" : "mechanism", points: shown.map((group) => point(group, i)) }));
  const title = `${t("report_attention")}: ${facetLabel(facet)}, ${t(`report_by_${choice.by}`)}`;
  const spec = asLines ? lineChart(panels, dated.map((group) => group.value), width()) : dotChart(panels, shown.map(say), width());
  const columns = [{ name: t(`report_${choice.by}`) }, { name: t("report_documents"), number: true }, { name: t("report_passages"), number: true }, ...codes.map(([code]) => ({ name: label(code), number: true }))];
  const data = table(columns, groups.map((group) => [say(group), number(group.documents), number(group.passages),
    ...codes.map(([, i]) => (group.low[i] === null ? percent(group.share[i]) : `${percent(group.share[i])} (${percent(group.low[i])} – ${percent(group.high[i])})`))]), title);
  return place(body, bySelect, figure(`attention-${choice.by}-${facet}`, title, spec, data));
}

function drawWords() {
  const blocks = facts.codes.map((code, i) => {
    // "kind: word" is a cue that makes a theme a synergy; the others are terms of the code itself
    const chip = (cue, n, text) => make("li", {}, make("button", { type: "button", title: t("report_show_passages"), onclick: () => openPassages([i], text) }, isolated(text), " ", make("small", {}, number(n))));
    const chips = facts.words[i].filter(([cue]) => !cue.includes(": ")).map(([cue, n]) => chip(cue, n, cue));
    const raised = facts.words[i].filter(([cue]) => cue.includes(": ")).slice(0, 8).map(([cue, n]) => chip(cue, n, cue.slice(cue.indexOf(": ") + 2)));
    const typical = facts.keywords[i] || [];
    return make("div", {}, make("h3", {}, label(code)), chips.length ? make("ul", { class: "chips" }, ...chips) : make("p", { class: "about" }, t("report_nothing")),
      raised.length ? make("p", { class: "about" }, t("report_raised_by")) : null, raised.length ? make("ul", { class: "chips" }, ...raised) : null,
      typical.length ? make("p", { class: "about" }, `${t("report_typical")} `, isolated(typical.join(", "))) : null);
  });
  part("words").replaceChildren(make("div", { class: "words" }, ...blocks));
}

function drawTopics() {
  document.getElementById("topics").classList.toggle("hidden", !facts.topics.length);
  const columns = [{ name: t("report_topic") }, { name: t("report_terms"), class: "reason" }, { name: t("report_share"), number: true }, { name: t("report_closest_code") }];
  const codeOf = (name) => facts.codes.find((code) => code.code === name);
  const rows = facts.topics.map((topic) => [`${topic.topic}. ${topic.label}`, topic.terms.join(", "),
    topic.low === null ? percent(topic.share) : `${percent(topic.share)} (${percent(topic.low)} – ${percent(topic.high)})`, codeOf(topic.code) ? label(codeOf(topic.code)) : "–"]);
  part("topics").replaceChildren(table(columns, rows, t("report_topics")));
}

function drawMethod() {
  // a definition in Chinese says itself what is included and what is not
  const isWhole = state.language === "zh" && facts.codes.every((code) => code.definition_zh);
  const meaning = (code) => (isWhole ? [code.definition_zh] : [code.definition, code.include, code.exclude]);
  const columns = [{ name: t("report_code") }, { name: t("report_column") },
    ...["report_definition", "report_include", "report_exclude"].slice(0, isWhole ? 1 : 3).map((key) => ({ name: t(key), class: "reason" }))];
  const rows = facts.codes.map((code) => [label(code), make("code", {}, code.column), ...meaning(code)]);
  part("method").replaceChildren(
    make("p", {}, t("report_method_values")), make("p", {}, t("report_method_intervals")), make("p", {}, t("report_method_machine")),
    table(columns, rows, t("report_method")),
    make("p", { class: "about" }, t("report_made_by", { version: facts.version, codebook: facts.codebook.name, hash: facts.codebook.hash.slice(0, 12) })));
}
