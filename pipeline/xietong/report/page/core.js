"use strict";
// What every part of the report uses: the facts, the two languages, and making elements without markup.
const facts = JSON.parse(document.getElementById("facts").textContent);
const state = { language: "en", theme: "light" };

function t(key, values = {}) {
  const text = facts.messages[state.language][key];
  if (text === undefined) throw new Error(`no text ${key}`);
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

// Text goes in as text nodes only: whatever a document says stays words.
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function number(value, digits = 0) {
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function percent(value) {
  return value === null || !isFinite(value) ? "–" : `${number(100 * value, value < 0.0995 ? 1 : 0)} %`;
}

function label(code) {
  return state.language === "zh" ? code.label_zh || code.label_en || code.code : code.label_en || code.label_zh || code.code;
}

// A code with what it holds: on the scale of themes and synergies the value is said in words.
function labelled(code, value) {
  return code.scale_max > 1 ? `${label(code)} · ${t(value > 1 ? "report_synergy" : "report_theme_value")}` : label(code);
}

function facetLabel(facet) {
  const key = `report_facet_${facet}`;
  return key in facts.messages.en ? t(key) : facet;
}

function named(value) {
  return value === null || value === undefined || value === "" ? t("report_unknown") : String(value);
}

// Values that the program itself sets (status, level, kind) have names in both languages.
function worded(group, value) {
  const key = `report_${group}_${value}`;
  return key in facts.messages.en ? t(key) : named(value);
}

function isolated(text) {
  return make("bdi", {}, text);
}

function table(columns, rows, caption) {
  const head = make("tr", {}, ...columns.map((column) => make("th", { scope: "col", class: column.number ? "number" : "" }, column.name)));
  const body = rows.map((row) => make("tr", {}, ...row.map((cell, i) =>
    make(i === 0 && !columns[0].number ? "th" : "td", {
      class: columns[i].number ? "number" : columns[i].class || "", scope: i === 0 && !columns[0].number ? "row" : undefined,
    }, cell instanceof Node ? cell : isolated(String(cell))))));
  return make("div", { class: "table", tabindex: "0", role: "region", "aria-label": caption },
    make("table", {}, make("caption", { class: "hidden" }, caption), make("thead", {}, head), make("tbody", {}, ...body)));
}

function option(value, text, selected) {
  return make("option", { value, selected }, text);
}

function part(id) {
  return document.querySelector(`#${id} > .body`);
}

// Colours are asked for thousands of times in a drawing, and change only with the theme.
const colours = new Map();

function color(name) {
  const key = `${state.theme} ${name}`;
  if (!colours.has(key)) colours.set(key, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
  return colours.get(key);
}

function download(name, blob) {
  const address = URL.createObjectURL(blob);
  const link = make("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}
