// The browser of passages: unpacked columns, filters, a search in any script, and rows drawn only where they are seen.
const ROW = 124;
const query = { codes: [], document: "", year: "", region: "", kind: "", text: "", synergy: false, review: false };
let data = null, found = new Uint32Array(0), chosen = -1, list = null, spacer = null, detail = null, counter = null, controls = {};

async function unpack() {
  const place = document.getElementById("packed"), bytes = decoded(place.textContent);
  place.remove();
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  const headLength = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, headLength)));
  const kinds = { uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array };
  const columns = {};
  for (const [name, [kind, place, length]] of Object.entries(head.columns)) columns[name] = new kinds[kind](buffer, 8 + headLength + place, length);
  data = { ...head, ...columns };
  data.starts = summed(data.length);
  data.marks = summed(data.n_marks);
  data.table = Uint16Array.from({ length: 65536 }, (_, i) => i);
  data.fold_from.forEach((letter, i) => { data.table[letter] = data.fold_to[i]; });
  const folded = new Uint16Array(data.reading.length);
  for (let i = 0; i < folded.length; i++) folded[i] = data.table[data.reading[i]];
  const decoder = new TextDecoder("utf-16le", { ignoreBOM: true });
  data.text = decoder.decode(data.reading);
  data.folded = decoder.decode(folded);
}

function decoded(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const letters = atob(text), bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

function summed(lengths) {
  const sums = new Uint32Array(lengths.length + 1);
  for (let i = 0; i < lengths.length; i++) sums[i + 1] = sums[i] + lengths[i];
  return sums;
}

function foldQuery(text) {
  let folded = "";
  for (let i = 0; i < text.length; i++) folded += String.fromCharCode(data.table[text.charCodeAt(i)]);
  return folded.trim();
}

// Rows that contain the words, as a mask: every word must be there.
function searched(text) {
  let mask = null;
  for (const word of foldQuery(text).split(/\s+/).filter(Boolean)) {
    const next = new Uint8Array(data.rows);
    let row = 0, place = data.folded.indexOf(word);
    while (place >= 0) {
      row = rowAt(place, row);
      if (place + word.length <= data.starts[row + 1]) { next[row] = mask ? mask[row] : 1; place = data.folded.indexOf(word, data.starts[row + 1]); }
      else place = data.folded.indexOf(word, place + 1);
    }
    mask = next;
  }
  return mask;
}

function rowAt(place, from) {
  let low = from, high = data.rows - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (data.starts[middle] <= place) low = middle; else high = middle - 1;
  }
  return low;
}

function matching() {
  const n = facts.codes.length, documents = facts.documents, mask = searched(query.text), rows = new Uint32Array(data.rows);
  const least = query.synergy ? query.codes.map((code) => (facts.codes[code].scale_max > 1 ? 2 : 1)) : query.codes.map(() => 1);
  const inDocument = documents.file.map((_, i) => (query.document === "" || i === Number(query.document))
    && (query.year === "" || String(documents.year[i] ?? "") === query.year) && (query.region === "" || (documents.region[i] || "") === query.region));
  const kind = query.kind === "" ? -1 : data.kinds.indexOf(query.kind);
  let count = 0;
  for (let row = 0; row < data.rows; row++) {
    if (mask && !mask[row]) continue;
    if (!inDocument[data.document[row]]) continue;
    if (query.kind !== "" && data.kind[row] !== kind) continue;
    if (query.review && !data.review[row]) continue;
    let holds = true;
    for (let k = 0; k < query.codes.length && holds; k++) holds = data.values[row * n + query.codes[k]] >= least[k];
    if (holds) rows[count++] = row;
  }
  return rows.subarray(0, count);
}

function drawPassages() {
  const body = part("passages");
  document.getElementById("shown").textContent = facts.shown.passages < facts.shown.of
    ? t("report_shown_sample", { n: number(facts.shown.passages), of: number(facts.shown.of) }) : t("report_shown_all", { n: number(facts.shown.of) });
  if (!data) return body.replaceChildren(make("p", { role: "status" }, t("report_unpacking")));
  counter = make("p", { class: "count", role: "status", "aria-live": "polite" });
  spacer = make("div", { class: "spacer" });
  list = make("div", { class: "list", tabindex: "0", role: "listbox", "aria-label": t("report_passages") }, spacer);
  list.addEventListener("scroll", drawRows, { passive: true });
  list.addEventListener("keydown", moveByKey);
  detail = make("div", { class: "detail empty", role: "region", "aria-label": t("report_detail"), tabindex: "0" }, t("report_choose"));
  body.replaceChildren(filters(), counter, make("div", { class: "split" }, list, detail));
  return filter(true);
}

function filters() {
  const documents = facts.documents, withPassages = new Set(data.document);
  const places = documents.file.map((_, i) => i).filter((i) => withPassages.has(i));
  const distinct = (column) => [...new Set(places.map((i) => documents[column][i]).filter((value) => value !== null && value !== ""))].sort((a, b) => (a > b ? 1 : a < b ? -1 : 0));
  const select = (name, options) => {
    const element = make("select", { id: `by-${name}`, onchange: (event) => { query[name] = event.target.value; filter(); } }, option("", t("report_any")), ...options.map(([value, text]) => option(value, text, String(query[name]) === String(value))));
    controls[name] = element;
    return make("label", {}, t(`report_${name}`), element);
  };
  const code = (k) => {
    const groups = facts.facets.map((facet) => make("optgroup", { label: facetLabel(facet) }, ...facts.codes.map((each, i) => [each, i]).filter(([each]) => each.facet === facet).map(([each, i]) => option(i, label(each), query.codes[k] === i))));
    const element = make("select", { id: `by-code-${k}`, onchange: () => { query.codes = [0, 1].map((each) => controls[`code${each}`].value).filter((value) => value !== "").map(Number); filter(); } }, option("", t("report_any")), ...groups);
    controls[`code${k}`] = element;
    return make("label", {}, t(k ? "report_and_code" : "report_code"), element);
  };
  const check = (name) => {
    controls[name] = make("input", { type: "checkbox", id: `by-${name}`, checked: query[name], onchange: (event) => { query[name] = event.target.checked; filter(); } });
    return make("label", { class: "check" }, controls[name], t(`report_only_${name}`));
  };
  controls.text = make("input", { type: "search", id: "by-text", value: query.text, placeholder: t("report_search_hint"), oninput: (event) => { query.text = event.target.value; filter(); } });
  return make("form", { class: "filters", onsubmit: (event) => event.preventDefault() },
    make("label", { class: "wide" }, t("report_search"), controls.text), code(0), code(1),
    select("document", places.slice(0, 5000).map((i) => [i, documents.title[i] || documents.file[i]])),
    select("year", distinct("year").map((year) => [year, String(year)])), select("region", distinct("region").map((region) => [region, region])),
    select("kind", data.kinds.map((kind) => [kind, worded("kind", kind)])), check("synergy"), check("review"),
    make("button", { type: "button", onclick: () => { Object.assign(query, { codes: [], document: "", year: "", region: "", kind: "", text: "", synergy: false, review: false }); drawPassages(); } }, t("report_clear")));
}

function filter(keep = false) {
  found = matching();
  counter.textContent = t("report_found", { n: number(found.length), of: number(data.rows) });
  spacer.style.height = `${found.length * ROW}px`;
  if (!keep) list.scrollTop = 0;
  if (keep && chosen >= 0) showDetail(chosen);
  drawRows();
}

function drawRows() {
  const first = Math.max(0, Math.floor(list.scrollTop / ROW) - 2), last = Math.min(found.length, first + Math.ceil(list.clientHeight / ROW) + 5);
  const rows = [];
  for (let i = first; i < last; i++) rows.push(rowElement(i));
  spacer.replaceChildren(...rows);
  const active = spacer.querySelector('[aria-selected="true"]');
  if (active) list.setAttribute("aria-activedescendant", active.id); else list.removeAttribute("aria-activedescendant");
}

function rowElement(i) {
  const row = found[i], documents = facts.documents, d = data.document[row];
  const trail = [documents.title[d] || documents.file[d], data.sections[data.section[row]]].filter(Boolean).join(" › ");
  const element = make("div", { class: "row", role: "option", id: `row-${row}`, "aria-selected": String(row === chosen), "aria-setsize": found.length, "aria-posinset": i + 1, onclick: () => choose(row) },
    make("div", { class: "trail" }, isolated(trail)), make("div", { class: "text", lang: data.languages[data.language[row]] }, ...highlighted(row, true)), make("div", { class: "codes" }, ...tags(row)));
  element.style.top = `${i * ROW}px`;
  return element;
}

function tags(row) {
  const n = facts.codes.length, made = [];
  facts.codes.forEach((code, i) => {
    const value = data.values[row * n + i];
    if (value) made.push(make("span", { class: `tag ${code.scale_max > 1 ? (value > 1 ? "two" : "") : "mechanism"}` }, labelled(code, value)));
  });
  if (data.review[row]) made.push(make("span", { class: "tag review" }, t("report_review_tag")));
  return made;
}

function marksOf(row) {
  const marks = [];
  for (let k = data.marks[row]; k < data.marks[row + 1]; k++) marks.push([data.mark_start[k], data.mark_end[k], data.mark_code[k]]);
  return marks.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
}

// The text cut by its evidence first; each piece becomes a text node. A list row starts near its first evidence.
function highlighted(row, brief) {
  const text = data.text.slice(data.starts[row], data.starts[row + 1]), pieces = [], merged = [];
  for (const [start, end, code] of marksOf(row)) {
    const last = merged[merged.length - 1];
    if (last && start <= last[1]) { last[1] = Math.max(last[1], end); last[2].add(code); } else merged.push([start, end, new Set([code])]);
  }
  let place = 0, until = text.length;
  if (brief) {
    if (merged.length && merged[0][0] > 90) { place = wholeLetter(text, merged[0][0] - 40); pieces.push("… "); }
    until = wholeLetter(text, Math.min(text.length, place + 420));
  }
  for (const [start, end, codes] of merged) {
    if (start >= until) break;
    pieces.push(text.slice(place, start), make("mark", { title: [...codes].map((code) => label(facts.codes[code])).join(", ") }, text.slice(start, Math.min(end, until))));
    place = Math.min(end, until);
  }
  pieces.push(text.slice(place, until));
  return pieces;
}

function wholeLetter(text, place) {
  return place > 0 && place < text.length && (text.charCodeAt(place) & 0xfc00) === 0xdc00 ? place - 1 : place;
}

function choose(row) {
  chosen = row;
  showDetail(row);
  drawRows();
}

function showDetail(row) {
  const documents = facts.documents, d = data.document[row], id = data.ids[row], n = facts.codes.length;
  const text = data.text.slice(data.starts[row], data.starts[row + 1]);
  const reasons = new Map();
  for (const [start, end, code] of marksOf(row)) reasons.set(code, (reasons.get(code) || new Set()).add(text.slice(start, end)));
  const rows = [[t("report_title_of"), documents.title[d] || documents.file[d]], [t("report_section"), data.sections[data.section[row]]], [t("report_file"), documents.file[d]],
    [t("report_region"), documents.region[d]], [t("report_level"), documents.level[d] ? worded("level", documents.level[d]) : ""], [t("report_year"), documents.year[d]], [t("report_issuer"), documents.issuer[d]],
    [t("report_kind"), worded("kind", data.kinds[data.kind[row]])], [t("report_place"), `${number(data.start[row])} – ${number(data.end[row])}`], [t("report_confidence"), percent(data.confidence[row] / 100)]];
  const terms = rows.filter(([, value]) => value !== null && value !== undefined && value !== "").flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, isolated(String(value)))]);
  const evidence = facts.codes.map((code, i) => [code, i]).filter(([, i]) => data.values[row * n + i]).flatMap(([code, i]) => [make("dt", {}, labelled(code, data.values[row * n + i])), make("dd", {}, isolated([...(reasons.get(i) || [])].join(" | ") || "–"))]);
  const command = `xietong explain RUN ${id}`;
  detail.classList.remove("empty");
  detail.replaceChildren(make("div", { class: "codes" }, ...tags(row)), make("p", { class: "text", lang: data.languages[data.language[row]] }, ...highlighted(row, false)),
    ...(evidence.length ? [make("h3", {}, t("report_rests_on")), make("dl", {}, ...evidence)] : []), make("dl", {}, ...terms),
    make("p", {}, t("report_explain"), " ", make("code", {}, command)), make("p", {}, make("a", { href: `#${id}` }, t("report_link"))));
  detail.scrollTop = 0;
}

function moveByKey(event) {
  const at = chosen < 0 ? -1 : found.indexOf(chosen);
  const page = Math.max(1, Math.floor(list.clientHeight / ROW) - 1);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: found.length - 1 }[event.key];
  if (to === undefined || !found.length) return;
  event.preventDefault();
  const place = Math.max(0, Math.min(found.length - 1, to));
  if (place * ROW < list.scrollTop) list.scrollTop = place * ROW;
  if ((place + 1) * ROW > list.scrollTop + list.clientHeight) list.scrollTop = (place + 1) * ROW - list.clientHeight;
  choose(found[place]);
}

// From a heat map cell, a word or a link: set the filters and go there.
function openPassages(codes, text = "") {
  Object.assign(query, { codes, text, document: "", year: "", region: "", kind: "", synergy: false, review: false });
  if (data) drawPassages();
  document.getElementById("passages").scrollIntoView();
}

function openAddress() {
  const id = decodeURIComponent(location.hash.slice(1));
  if (!data || !id || document.getElementById(id)) return;
  const row = data.ids.indexOf(id);
  document.getElementById("passages").scrollIntoView();
  if (row < 0) { if (facts.shown.passages < facts.shown.of) counter.textContent = t("report_not_in_sample", { id }); return; }
  const at = found.indexOf(row);
  if (at < 0) { Object.assign(query, { codes: [], document: "", year: "", region: "", kind: "", text: "", synergy: false, review: false }); drawPassages(); }
  list.scrollTop = Math.max(0, found.indexOf(row) * ROW - ROW);
  choose(row);
}
