// Charts as SVG: drawn from the same numbers as the data table below each, saved as SVG or PNG.
const SVG = "http://www.w3.org/2000/svg";
const FONT = 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

function shape(tag, attributes = {}, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function words(x, y, text, attributes = {}) {
  return shape("text", { x, y, fill: color("ink"), "font-size": 13, "font-family": FONT, ...attributes }, text);
}

function tip(element, text) {
  element.append(shape("title", {}, text));
  return element;
}

function canvas(width, height, title) {
  const svg = shape("svg", { xmlns: SVG, width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title });
  svg.append(shape("rect", { width, height, fill: color("paper") }));
  return svg;
}

// Width of a text as drawn: Han characters are a full em, others about half of one.
function textWidth(text, size = 13) {
  let units = 0;
  for (const letter of text) units += letter.codePointAt(0) > 0x2e7f ? 1 : 0.56;
  return units * size;
}

function shortened(text, width, size = 13) {
  if (textWidth(text, size) <= width) return text;
  let kept = "";
  for (const letter of text) {
    if (textWidth(kept + letter, size) + size > width) break;
    kept += letter;
  }
  return `${kept}…`;
}

// A figure: the chart, buttons that save it, and its data table.
function figure(name, svg, dataTable) {
  const details = make("details", {}, make("summary", {}, t("report_data_table")), dataTable);
  const under = make("div", { class: "under" }, details,
    make("button", { type: "button", class: "save", onclick: () => saveSvg(name, svg) }, t("report_save_svg")),
    make("button", { type: "button", class: "save", onclick: () => savePng(name, svg) }, t("report_save_png")));
  return make("figure", { class: "chart" }, make("div", { class: "scroll" }, svg), under);
}

function drawing(svg) {
  const copy = svg.cloneNode(true);
  for (const element of copy.querySelectorAll("[tabindex]")) element.removeAttribute("tabindex");
  return new XMLSerializer().serializeToString(copy);
}

function saveSvg(name, svg) {
  download(`${name}.svg`, new Blob([drawing(svg)], { type: "image/svg+xml" }));
}

function savePng(name, svg) {
  const scale = 2, image = new Image();
  const width = svg.viewBox.baseVal.width, height = svg.viewBox.baseVal.height;
  image.addEventListener("load", () => {
    const sheet = make("canvas", { width: width * scale, height: height * scale });
    sheet.getContext("2d").drawImage(image, 0, 0, width * scale, height * scale);
    sheet.toBlob((blob) => download(`${name}.png`, blob), "image/png");
  });
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawing(svg))}`;
}

// Bars of one or two parts: theme and synergy, or present.
function barChart(rows, width, title) {
  const left = Math.min(Math.max(...rows.map((row) => textWidth(row.name))) + 12, width * 0.4);
  const step = 26, height = rows.length * step + 6, room = width - left - 110;
  const most = Math.max(1, ...rows.map((row) => row.total));
  const svg = canvas(width, height, title);
  rows.forEach((row, i) => {
    const y = i * step + 4;
    svg.append(words(left - 8, y + 14, shortened(row.name, left - 10), { "text-anchor": "end" }));
    let x = left;
    for (const piece of row.pieces) {
      const wide = (piece.value / most) * room;
      svg.append(tip(shape("rect", { x, y, width: Math.max(wide, piece.value ? 1 : 0), height: step - 8, fill: color(piece.color) }), `${row.name}: ${piece.name} ${number(piece.value)}`));
      x += wide;
    }
    svg.append(words(x + 6, y + 14, row.note, { fill: color("soft"), "font-size": 12 }));
  });
  return svg;
}

// A grid of shaded cells; `open(i, j)` is called when one is chosen.
function heatMap(down, across, values, texts, width, title, open) {
  const left = Math.min(Math.max(...down.map((name) => textWidth(name))) + 12, width * 0.35);
  const slanted = across.some((name) => textWidth(name, 12) > (width - left) / across.length - 6);
  const across_ = Math.max((width - left - (slanted ? 64 : 0)) / across.length, 46), step = 34;
  const top = slanted ? Math.min(Math.max(...across.map((name) => textWidth(name, 12))) * 0.62 + 24, 130) : 26;
  const full = left + across_ * across.length + (slanted ? 64 : 2), height = top + step * down.length + 2;
  const most = Math.max(1e-9, ...values.flat());
  const svg = canvas(full, height, title);
  svg.setAttribute("role", "group");
  across.forEach((name, j) => {
    const x = left + across_ * (j + 0.5);
    svg.append(slanted
      ? words(x - 4, top - 8, name, { "font-size": 12, transform: `rotate(-38 ${x - 4} ${top - 8})` })
      : words(x, top - 9, name, { "font-size": 12, "text-anchor": "middle" }));
  });
  down.forEach((name, i) => {
    const y = top + step * i;
    svg.append(words(left - 8, y + step / 2 + 5, shortened(name, left - 10), { "text-anchor": "end" }));
    across.forEach((other, j) => {
      const strength = values[i][j] / most;
      const cell = shape("g", { class: "cell", tabindex: "0", role: "button", "aria-label": `${name} × ${other}: ${texts[i][j]}` });
      cell.append(shape("rect", { x: left + across_ * j + 1, y: y + 1, width: across_ - 2, height: step - 2, rx: 3, fill: `rgba(${color("heat")}, ${(0.05 + 0.9 * strength).toFixed(3)})` }));
      const onDark = state.theme === "dark" ? strength < 0.55 : strength > 0.5;
      cell.append(words(left + across_ * (j + 0.5), y + step / 2 + 5, texts[i][j], { "text-anchor": "middle", fill: onDark ? "#ffffff" : "#10202f", "font-size": 12.5 }));
      cell.append(shape("title", {}, `${name} × ${other}`));
      cell.addEventListener("click", () => open(i, j));
      cell.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(i, j); } });
      svg.append(cell);
    });
  });
  return svg;
}

function niceTop(value) {
  for (const top of [0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1]) if (value <= top) return top;
  return 1;
}

// Small charts over years, one a code: a line and the band of its interval.
function lineChart(panels, years, width, title) {
  const perRow = Math.max(1, Math.min(4, Math.floor(width / 230))), wide = width / perRow, high = 150;
  const svg = canvas(width, Math.ceil(panels.length / perRow) * high, title);
  const first = Math.min(...years), last = Math.max(...years);
  const top = niceTop(Math.max(0.01, ...panels.flatMap((panel) => panel.points.map((p) => Math.min(p.high ?? p.share, 2.5 * Math.max(...panels.flatMap((q) => q.points.map((r) => r.share))))))));
  panels.forEach((panel, k) => {
    const x0 = (k % perRow) * wide + 40, y0 = Math.floor(k / perRow) * high + 26, w = wide - 58, h = high - 56;
    const x = (year) => (first === last ? x0 + w / 2 : x0 + ((year - first) / (last - first)) * w);
    const y = (share) => y0 + h - (Math.min(share, top) / top) * h;
    svg.append(words(x0 - 34, y0 - 10, shortened(panel.name, wide - 20), { "font-weight": 600 }));
    for (const level of [0, top / 2, top]) {
      svg.append(shape("line", { x1: x0, x2: x0 + w, y1: y(level), y2: y(level), stroke: color("line") }));
      svg.append(words(x0 - 5, y(level) + 4, `${number(100 * level, top < 0.05 && level ? 1 : 0)}%`, { "text-anchor": "end", fill: color("soft"), "font-size": 10.5 }));
    }
    for (const year of first === last ? [first] : [first, last]) svg.append(words(x(year), y0 + h + 15, String(year), { "text-anchor": "middle", fill: color("soft"), "font-size": 10.5 }));
    const banded = panel.points.filter((p) => p.low !== null);
    if (banded.length > 1) {
      const path = [...banded.map((p) => `${x(p.year)},${y(p.high)}`), ...banded.reverse().map((p) => `${x(p.year)},${y(p.low)}`)].join(" ");
      svg.append(shape("polygon", { points: path, fill: color(panel.color), "fill-opacity": 0.18 }));
    } else for (const p of banded) svg.append(shape("line", { x1: x(p.year), x2: x(p.year), y1: y(p.low), y2: y(p.high), stroke: color(panel.color) }));
    svg.append(shape("polyline", { points: panel.points.map((p) => `${x(p.year)},${y(p.share)}`).join(" "), fill: "none", stroke: color(panel.color), "stroke-width": 1.8 }));
    for (const p of panel.points) svg.append(tip(shape("circle", { cx: x(p.year), cy: y(p.share), r: 2.8, fill: color(panel.color) }), p.text));
  });
  return svg;
}

// Groups down, codes across: a dot with its interval in each field.
function dotChart(panels, groups, width, title) {
  const left = Math.min(Math.max(...groups.map((name) => textWidth(name, 12))) + 12, 190);
  const wide = Math.max((width - left) / panels.length, 96), step = 20, head = 44;
  const full = left + wide * panels.length, height = head + step * groups.length + 8;
  const svg = canvas(full, height, title);
  groups.forEach((name, i) => svg.append(words(left - 8, head + step * i + 14, shortened(name, left - 10, 12), { "text-anchor": "end", "font-size": 12 })));
  const top = niceTop(Math.max(0.01, ...panels.flatMap((panel) => panel.points.map((p) => p.share))));
  panels.forEach((panel, k) => {
    const x0 = left + wide * k + 8, w = wide - 24, x = (share) => x0 + (Math.min(share, top) / top) * w;
    svg.append(words(x0, 16, shortened(panel.name, wide - 6, 12), { "font-weight": 600, "font-size": 12 }));
    for (const level of [0, top / 2, top]) svg.append(shape("line", { x1: x(level), x2: x(level), y1: head - 4, y2: head + step * groups.length, stroke: color("line") }));
    svg.append(words(x(0), head - 9, "0", { fill: color("soft"), "font-size": 10 }), words(x(top), head - 9, `${number(100 * top)}%`, { "text-anchor": "end", fill: color("soft"), "font-size": 10 }));
    panel.points.forEach((p, i) => {
      const y = head + step * i + 10;
      if (p.low !== null) svg.append(shape("line", { x1: x(p.low), x2: x(p.high), y1: y, y2: y, stroke: color(panel.color), "stroke-width": 4, "stroke-opacity": 0.3 }));
      svg.append(tip(shape("circle", { cx: x(p.share), cy: y, r: 3.6, fill: color(panel.color) }), p.text));
    });
  });
  return svg;
}
