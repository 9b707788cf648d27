// Charts by Vega-Lite: specifications over the same numbers as the data table below each, drawn as SVG, saved as SVG or PNG.
// Colours are the page's own variables, so that a chart follows the theme as words do. Values never become expressions:
// labels are looked up by their place, and expressions are interpreted, not compiled, as the page's policy demands.
const FONT = 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';
const NAMED = "names[datum.value]";
const STYLE = {
  background: null, font: FONT, view: { stroke: null }, mark: { aria: false },
  axis: { aria: false, title: null, domain: false, ticks: false, labelPadding: 6, labelColor: "var(--soft)", labelFontSize: 11, gridColor: "var(--line)" },
  header: { title: null, labelAnchor: "start", labelColor: "var(--ink)", labelFontSize: 13, labelFontWeight: 600, labelPadding: 8 },
};
const HOW = { mode: "vega-lite", ast: true, renderer: "svg", actions: false, tooltip: false, defaultStyle: false };
const pen = document.createElement("canvas").getContext("2d");
let drawing = [];

// Width of a text in pixels, as the page draws it.
function textWidth(text, size) {
  pen.font = `${size}px ${FONT}`;
  return pen.measureText(text).width;
}

// A figure: the chart, buttons that save it, and its data table. `enter` is called when the marks are there.
function figure(name, title, spec, dataTable, enter = (holder) => holder.setAttribute("role", "img")) {
  const holder = make("div", { class: "scroll" }), details = make("details", {}, make("summary", {}, t("report_data_table")), dataTable);
  const chart = vegaEmbed(holder, { ...spec, description: title, config: STYLE }, HOW).then(({ view }) => {
    holder.removeAttribute("aria-roledescription");
    if (holder.scrollWidth > holder.clientWidth) holder.tabIndex = 0;
    enter(holder, view);
    return view;
  });
  drawing.push(chart);
  const save = (key, how) => make("button", { type: "button", class: "save", onclick: () => chart.then((view) => view.toSVG()).then((svg) => how(name, coloured(svg))) }, t(key));
  return make("figure", { class: "chart" }, holder, make("div", { class: "under" }, details, save("report_save_svg", saveSvg), save("report_save_png", savePng)));
}

// Put a section's charts in its place; it keeps its height until they are drawn, so that the page does not jump.
function place(body, ...children) {
  body.style.minHeight = `${body.offsetHeight}px`;
  body.replaceChildren(...children);
  drawn().then(() => { body.style.minHeight = ""; });
}

async function drawn() {
  const mine = drawing;
  await Promise.all(mine);
  if (drawing === mine) drawing = [];
}

// Outside the page there are no variables: a saved chart has the colours of the moment, and paper behind it.
function coloured(svg) {
  return svg.replace(/var\(--([\w-]+)\)/g, (whole, name) => color(name)).replace(/(<svg[^>]*>)/, `$1<rect width="100%" height="100%" fill="${color("paper")}"/>`);
}

function saveSvg(name, svg) {
  download(`${name}.svg`, new Blob([svg], { type: "image/svg+xml" }));
}

function savePng(name, svg) {
  const scale = 2, image = new Image();
  image.addEventListener("load", () => {
    const sheet = make("canvas", { width: image.width * scale, height: image.height * scale });
    sheet.getContext("2d").drawImage(image, 0, 0, sheet.width, sheet.height);
    sheet.toBlob((blob) => download(`${name}.png`, blob), "image/png");
  });
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
}

function byPlace(field, axis, extra = {}) {
  return { field, type: "ordinal", axis: axis && { labelExpr: NAMED, labelColor: "var(--ink)", labelFontSize: 13, ...axis }, ...extra };
}

function shares(field, top, axis = {}) {
  return { field, type: "quantitative", scale: { domain: [0, top] }, axis: { format: "~%", values: [0, top / 2, top], ...axis } };
}

// An end for an axis of shares that is easy to halve and to read.
function niceTop(share) {
  return [0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8].find((top) => share <= top) || 1;
}

function widest(texts, size) {
  return Math.max(...texts.map((text) => textWidth(text, size))) + 12;
}

// Bars of one or two parts: theme and synergy, or present.
function barChart(rows, width) {
  const pieces = rows.flatMap((row, i) => row.pieces.map((piece, order) => ({ i, order, value: piece.value, color: `var(--${piece.color})`, text: `${row.name}: ${piece.name} ${number(piece.value)}` })));
  const room = width - Math.min(widest(rows.map((row) => row.name), 13), width * 0.4);
  const end = Math.max(1, ...rows.map((row) => row.total)) / (1 - widest(rows.map((row) => row.note), 12) / room), y = byPlace("i", { labelLimit: width * 0.4 });
  const x = (field) => ({ field, type: "quantitative", axis: null, scale: { domain: [0, end] } });
  return {
    width, height: 26 * rows.length, autosize: { type: "fit-x", contains: "padding" }, params: [{ name: "names", value: rows.map((row) => row.name) }],
    layer: [
      { data: { values: pieces }, mark: { type: "bar", height: 18 }, encoding: { y, x: { ...x("value"), stack: "zero" }, order: { field: "order" }, fill: { field: "color", type: "nominal", scale: null }, tooltip: { field: "text" } } },
      { data: { values: rows.map((row, i) => ({ i, total: row.total, note: row.note })) }, mark: { type: "text", align: "left", dx: 6, fontSize: 12, fill: "var(--soft)" }, encoding: { y, x: x("total"), text: { field: "note" } } },
    ],
  };
}

// A text on lines of a width, cut at its spaces.
function wrapped(text, room, size) {
  const lines = [];
  for (const word of text.split(" ")) {
    if (lines.length && textWidth(`${lines.at(-1)} ${word}`, size) <= room) lines.push(`${lines.pop()} ${word}`);
    else lines.push(word);
  }
  return lines;
}

// A grid of shaded cells. Names of columns stand on several lines, or aslant where a word is wider than its column.
function heatMap(down, across, values, texts, width) {
  const most = Math.max(1e-9, ...values.flat()), step = (width - Math.min(widest(down, 13), width * 0.35)) / across.length, fits = step >= 46;
  const room = Math.max(step, 46) - 4, lines = across.map((name) => wrapped(name, room, 12)), tallest = Math.max(...lines.map((name) => name.length));
  const slanted = lines.flat().some((line) => textWidth(line, 12) > room), columns = lines.map((name) => Array(tallest - name.length).fill(" ").concat(name));
  const cells = values.flatMap((row, i) => row.map((value, j) => ({ i, j, strength: value / most, text: texts[i][j], label: `${down[i]} × ${across[j]}: ${texts[i][j]}` })));
  return {
    width: fits ? width : 46 * across.length, height: 34 * down.length, autosize: { type: fits ? "fit-x" : "pad", contains: "padding" },
    data: { values: cells }, params: [{ name: "names", value: down }, { name: "columns", value: slanted ? across : columns }],
    encoding: {
      y: byPlace("i", { labelLimit: width * 0.35 }, { scale: { paddingInner: 0.06, paddingOuter: 0 } }),
      x: byPlace("j", { orient: "top", labelExpr: "columns[datum.value]", labelFontSize: 12, labelAngle: slanted ? -38 : 0, labelAlign: slanted ? "left" : "center", labelLimit: Math.max(160, room), labelLineHeight: 14, labelPadding: slanted ? 6 : 14 * tallest - 8 }, { scale: { paddingInner: 0.03, paddingOuter: 0 } }),
    },
    layer: [
      { mark: { type: "rect", cornerRadius: 3, aria: true, fill: "var(--synergy)" }, encoding: { fillOpacity: { field: "strength", type: "quantitative", legend: null, scale: { domain: [0, 1], range: [0.05, 0.95] } }, description: { field: "label" }, tooltip: { field: "label" } } },
      { mark: { type: "text", fontSize: 12.5 }, encoding: { text: { field: "text" }, tooltip: { field: "label" }, fill: { condition: [{ test: "datum.strength > 0.77", value: "var(--paper)" }, { test: "datum.strength > 0.58", value: "var(--middle)" }], value: "var(--ink)" } } },
    ],
  };
}

// The cells of a heat map are buttons: `open(place)` is called when one is chosen, by pointer or by key.
function choosable(open) {
  return (holder, view) => {
    holder.setAttribute("role", "group");
    holder.querySelectorAll(".mark-rect [role=graphics-symbol]").forEach((cell, at) => {
      for (const [name, value] of Object.entries({ class: "cell", role: "button", tabindex: "0" })) cell.setAttribute(name, value);
      cell.removeAttribute("aria-roledescription");
      cell.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(at); } });
    });
    view.addEventListener("click", (event, item) => { if (item && item.datum && "strength" in item.datum) open(view.data("source_0").indexOf(item.datum)); });
  };
}

// Points of one line, each told whether its interval stands alone, without one in the year before or after.
function withNeighbours(points) {
  const has = (i) => i in points && points[i].low !== null;
  return points.map((point, i) => ({ ...point, alone: has(i) && !has(i - 1) && !has(i + 1) }));
}

// Small charts over years, one a code: a line and the band of its interval, which breaks off where a year has none.
function lineChart(panels, years, width) {
  const columns = Math.max(1, Math.min(4, Math.floor(width / 230))), ends = [Math.min(...years), Math.max(...years)];
  const points = panels.flatMap((panel, k) => withNeighbours(panel.points).map((point) => ({ ...point, k, color: `var(--${panel.color})` })));
  const share = Math.max(0.01, ...points.map((point) => point.share)), top = niceTop(Math.max(share, ...points.map((point) => Math.min(point.high || 0, 2.5 * share))));
  const shared = { stroke: { field: "color", type: "nominal", scale: null }, fill: { field: "color", type: "nominal", scale: null } };
  const x = { field: "year", type: "quantitative", scale: { domain: ends, nice: false }, axis: { values: ends, format: "d", grid: false, labelFlush: true } };
  return {
    data: { values: points }, params: [{ name: "names", value: panels.map((panel) => panel.name) }], columns, spacing: { row: 62, column: 56 }, bounds: "flush", resolve: { axis: { x: "independent", y: "independent" } },
    facet: { field: "k", type: "ordinal", header: { labelExpr: NAMED, labelLimit: width / columns - 20 } },
    spec: {
      width: (width - 72) / columns - 56 * (1 - 1 / columns), height: 96, encoding: { x, ...shared },
      layer: [
        { mark: { type: "area", clip: true, fillOpacity: 0.18, strokeOpacity: 0, invalid: "break-paths-show-path-domains" }, encoding: { y: shares("low", top), y2: { field: "high" } } },
        { transform: [{ filter: "datum.alone" }], mark: { type: "rule", clip: true, strokeWidth: 8, strokeOpacity: 0.3 }, encoding: { y: shares("low", top), y2: { field: "high" }, fill: { value: null } } },
        { mark: { type: "line", clip: true, strokeWidth: 1.8 }, encoding: { y: shares("share", top), fill: { value: null } } },
        { mark: { type: "point", size: 28, fillOpacity: 1 }, encoding: { y: shares("share", top), tooltip: { field: "text" } } },
      ],
    },
  };
}

// Groups down, codes across: a dot with its interval in each field.
function dotChart(panels, groups, width) {
  const points = panels.flatMap((panel, k) => panel.points.map((point, i) => ({ ...point, k, i, color: `var(--${panel.color})` }))), top = niceTop(Math.max(0.01, ...points.map((point) => point.share)));
  const left = Math.min(widest(groups, 12) + 4, 190), wide = Math.max((width - left) / panels.length, 96);
  const color = { field: "color", type: "nominal", scale: null }, axis = { orient: "top", labelFlush: true, labelExpr: "datum.index == 0.5 ? '' : datum.label" };
  return {
    data: { values: points }, params: [{ name: "names", value: panels.map((panel) => panel.name) }, { name: "groups", value: groups }],
    spacing: 22, bounds: "flush", facet: { column: { field: "k", type: "ordinal", header: { labelExpr: NAMED, labelFontSize: 12, labelLimit: wide - 6 } } },
    spec: {
      width: wide - 22, height: 20 * groups.length, encoding: { y: byPlace("i", { labelExpr: "groups[datum.value]", labelFontSize: 12, labelPadding: 10, labelLimit: left }) },
      layer: [
        { transform: [{ filter: "isValid(datum.low)" }], mark: { type: "rule", clip: true, strokeWidth: 4, strokeOpacity: 0.3 }, encoding: { x: shares("low", top, axis), x2: { field: "high" }, stroke: color } },
        { mark: { type: "point", size: 42, fillOpacity: 1 }, encoding: { x: shares("share", top, axis), fill: color, stroke: color, tooltip: { field: "text" } } },
      ],
    },
  };
}
