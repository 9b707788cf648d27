// Coding by keyboard. The server made the page; this keeps its state and sends every change to be written to disk.
"use strict";

const desk = document.getElementById("desk");
const state = JSON.parse(desk.dataset.state);
const token = document.querySelector("meta[name=xietong-token]").content;
const words = [...document.querySelectorAll("#passage .w[data-s]")].map((node) => ({
  node, start: Number(node.dataset.s), end: Number(node.dataset.e), blank: !node.textContent.trim(),
}));
const rows = new Map([...document.querySelectorAll(".code")].map((node) => [node.dataset.code, node]));
const scale = new Map(state.codes.map((c) => [c.code, c.scale_max]));
const codeOfKey = new Map(state.codes.filter((c) => c.key).map((c) => [c.key, c.code]));
const byId = (id) => document.getElementById(id);
const comment = byId("comment");
comment.value = state.comment;

// -- saving: one request at a time, always the newest state; nothing is called saved before the server says so --------
let sending = false;
let wanted = 0; // number of the newest change
let written = 0; // number of the newest change that is on disk
let onward = null; // where to go when everything is written

function changed() {
  wanted += 1;
  draw();
  send();
}

async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-xietong-token": token },
    body: JSON.stringify({ coder: state.coder, mode: state.mode, passage_id: state.passage_id, ...body }),
  });
  const content = await answer.text();
  if (!answer.ok) {
    const refusal = new Error(content.slice(0, 300));
    refusal.isFinal = answer.status >= 400 && answer.status < 500 && answer.status !== 408;
    throw refusal;
  }
  return JSON.parse(content);
}

async function send() {
  if (sending || written === wanted) return;
  sending = true;
  const number = wanted;
  say(desk.dataset.saving, "");
  try {
    const { values, evidence, is_done } = state;
    await post("/save", { values, evidence, is_done, comment: comment.value });
    written = number;
    state.is_saved = true;
    say(`${desk.dataset.saved} · ${new Date().toLocaleTimeString()}`, "saved");
  } catch (error) {
    if (error.isFinal) {
      say(`${desk.dataset.refused}: ${error.message}`, "failed");
      onward = null;
    } else {
      say(desk.dataset.failed, "failed");
      setTimeout(send, 1500);
    }
    sending = false;
    draw();
    return;
  }
  sending = false;
  draw();
  if (written !== wanted) send();
  else if (onward) window.location.assign(onward);
}

function say(text, kind) {
  byId("status").textContent = text;
  byId("status").className = kind;
}

function go(address) {
  if (!address) return;
  onward = address;
  if (written === wanted && !sending) window.location.assign(address);
}

window.addEventListener("beforeunload", (event) => {
  if (written !== wanted) event.preventDefault();
});

// -- codes ------------------------------------------------------------------------------------------------------------
function press(code) {
  define(code);
  const span = selection();
  if (span) {
    const known = state.evidence.some((e) => e.code === code && e.start === span.start && e.end === span.end);
    if (!known) state.evidence.push({ code, ...span });
    if (!state.values[code]) state.values[code] = 1;
    leave();
  } else {
    const value = ((state.values[code] || 0) + 1) % (scale.get(code) + 1);
    if (value) state.values[code] = value;
    else {
      delete state.values[code];
      state.evidence = state.evidence.filter((e) => e.code !== code);
    }
  }
  changed();
}

function define(code) {
  byId("definition").replaceChildren(rows.get(code).querySelector("template").content.cloneNode(true));
}

function label(code) {
  return rows.get(code).querySelector(".label").textContent;
}

function draw() {
  for (const [code, row] of rows) {
    const value = state.values[code] || 0;
    row.dataset.value = value;
    row.setAttribute("aria-valuenow", value);
    row.querySelector(".value").textContent = value;
    const proposed = row.querySelector(".proposed");
    const machine = state.proposal ? state.proposal[code] || 0 : 0;
    proposed.hidden = !machine;
    proposed.textContent = machine ? `⚙ ${machine}` : "";
  }
  for (const word of words) {
    const marks = state.evidence.filter((e) => word.start < e.end && word.end > e.start);
    word.node.classList.toggle("marked", marks.length > 0);
    word.node.title = [...new Set(marks.map((e) => label(e.code)))].join(" · ");
  }
  drawEvidence();
  const name = state.is_done ? "done" : state.is_saved || wanted ? "draft" : "new";
  byId("state").textContent = desk.dataset[name];
  byId("state").classList.toggle("done", state.is_done);
  byId("previous").disabled = !state.previous;
  byId("next").disabled = !state.next;
}

function drawEvidence() {
  const list = byId("evidence");
  list.replaceChildren(...state.evidence.map((e, i) => {
    const item = document.createElement("li");
    const about = Object.assign(document.createElement("span"), { className: "about", textContent: label(e.code) });
    const quote = Object.assign(document.createElement("q"), { textContent: quoteOf(e) });
    const remove = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
    remove.addEventListener("click", () => drop(i));
    item.append(about, quote, remove);
    return item;
  }));
  if (!state.evidence.length) {
    list.append(Object.assign(document.createElement("li"), { className: "quiet", textContent: list.dataset.empty }));
  }
}

function quoteOf(e) {
  return words.filter((w) => w.start < e.end && w.end > e.start).map((w) => w.node.textContent).join("") || e.quote || "";
}

function drop(i) {
  state.evidence.splice(i, 1);
  changed();
}

// -- selecting words --------------------------------------------------------------------------------------------------
let cursor = -1;
let anchor = -1;

function selection() {
  if (anchor >= 0) {
    const [first, last] = anchor < cursor ? [anchor, cursor] : [cursor, anchor];
    return { start: words[first].start, end: words[last].end };
  }
  const chosen = window.getSelection();
  if (!chosen.rangeCount || chosen.isCollapsed) return null;
  const range = chosen.getRangeAt(0);
  const touched = words.filter((w) => range.intersectsNode(w.node) && !w.blank && overlaps(range, w.node));
  return touched.length ? { start: touched[0].start, end: touched[touched.length - 1].end } : null;
}

function overlaps(range, node) {
  const own = document.createRange();
  own.selectNodeContents(node);
  return range.compareBoundaryPoints(Range.END_TO_START, own) < 0 && range.compareBoundaryPoints(Range.START_TO_END, own) > 0;
}

function move(step, extend) {
  let place = cursor + step;
  while (words[place] && words[place].blank) place += Math.sign(step);
  if (!words[place]) return;
  cursor = place;
  if (!extend) anchor = cursor;
  drawCursor();
}

function moveLine(direction, extend) {
  const from = words[cursor].node.getBoundingClientRect();
  const middle = (from.left + from.right) / 2;
  const other = words.map((w, i) => ({ i, box: w.node.getBoundingClientRect(), blank: w.blank }))
    .filter(({ box, blank }) => !blank && (direction > 0 ? box.top > from.bottom - 4 : box.bottom < from.top + 4));
  if (!other.length) return;
  const edge = direction > 0 ? Math.min(...other.map((o) => o.box.top)) : Math.max(...other.map((o) => o.box.top));
  const line = other.filter((o) => Math.abs(o.box.top - edge) < 6);
  const best = line.reduce((a, b) => (Math.abs((a.box.left + a.box.right) / 2 - middle) < Math.abs((b.box.left + b.box.right) / 2 - middle) ? a : b));
  cursor = best.i;
  if (!extend) anchor = cursor;
  drawCursor();
}

function drawCursor() {
  const [first, last] = anchor < cursor ? [anchor, cursor] : [cursor, anchor];
  words.forEach((w, i) => {
    w.node.classList.toggle("cursor", i === cursor && anchor >= 0);
    w.node.classList.toggle("chosen", anchor >= 0 && i >= first && i <= last);
  });
  byId("selecting").hidden = anchor < 0;
  if (anchor >= 0) words[cursor].node.scrollIntoView({ block: "nearest" });
}

function leave() {
  anchor = -1;
  window.getSelection().removeAllRanges();
  drawCursor();
}

// -- commands ---------------------------------------------------------------------------------------------------------
function confirmPassage() {
  state.is_done = true;
  onward = state.onward;
  changed();
}

async function undo() {
  if (sending || written !== wanted) return;
  try {
    Object.assign(state, await post("/undo", {}));
    comment.value = state.comment;
    draw();
    say(`${desk.dataset.saved} · ${new Date().toLocaleTimeString()}`, "saved");
  } catch (error) {
    say(error.isFinal ? `${desk.dataset.refused}: ${error.message}` : desk.dataset.failed, "failed");
  }
}

async function reveal() {
  try {
    state.proposal = (await post("/reveal", {})).proposal;
    draw();
    if (!Object.keys(state.proposal).length) say(desk.dataset.none, "");
  } catch (error) {
    say(`${desk.dataset.refused}: ${error.message}`, "failed");
  }
}

const commands = {
  Enter: confirmPassage,
  " ": () => (anchor >= 0 ? leave() : (cursor = Math.max(cursor, 0), anchor = cursor, move(0, false))),
  Escape: leave,
  z: undo,
  m: () => !state.is_blind && reveal(),
  x: () => state.evidence.length && drop(state.evidence.length - 1),
  "/": () => comment.focus(),
  "?": () => byId("help").showModal(),
  ArrowLeft: (event) => (anchor >= 0 ? move(-1, event.shiftKey) : go(state.previous)),
  ArrowRight: (event) => (anchor >= 0 ? move(1, event.shiftKey) : go(state.next)),
  ArrowUp: (event) => anchor >= 0 && moveLine(-1, event.shiftKey),
  ArrowDown: (event) => anchor >= 0 && moveLine(1, event.shiftKey),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || byId("help").open) return;
  if (event.target === comment) {
    if (event.key === "Escape" || (event.key === "Enter" && !event.shiftKey)) {
      event.preventDefault();
      comment.blur();
    }
    return;
  }
  if (event.target instanceof HTMLButtonElement && (event.key === "Enter" || event.key === " ")) return;
  if (event.key === "Enter" && event.target.dataset.code) { // a code reached with Tab
    press(event.target.dataset.code);
    event.preventDefault();
    return;
  }
  const code = codeOfKey.get(event.key.toLowerCase());
  if ((event.key === "ArrowUp" || event.key === "ArrowDown") && anchor < 0) return; // scrolls
  if (code) press(code);
  else if (commands[event.key]) commands[event.key](event);
  else return;
  event.preventDefault();
});

for (const [code, row] of rows) {
  row.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the selected words selected
  row.addEventListener("click", () => {
    press(code);
    row.blur();
  });
  row.addEventListener("mouseenter", () => define(code));
  row.addEventListener("focus", () => define(code));
}
comment.addEventListener("change", changed);
byId("previous").addEventListener("click", () => go(state.previous));
byId("next").addEventListener("click", () => go(state.next));
byId("undo").addEventListener("click", undo);
byId("confirm").addEventListener("click", confirmPassage);
byId("machine")?.addEventListener("click", reveal);
draw();
if (!state.is_blind && !state.has_seen_machine) reveal();
desk.dataset.ready = "yes";
