// The simulator page: one person's phone at a time, kept up to date by the small Twilio's events.
"use strict";

const $ = (id) => document.getElementById(id);
const desk = $("desk");
const staff = JSON.parse(desk.dataset.staff);
const people = new Map(); // who → person
const messages = new Map(); // who → Map(sid → message), for the chats that were opened
const FIRST_CUSTOMER = { who: "+447700900123", name: "John", last: null }; // a number that Ofcom keeps for fiction
const unread = new Map();
const typing = new Map(); // who → timer
let current = null;
let adverts = [];
let advert = null; // the ad through which the next message arrives
let seen = 0;
let run = ""; // which run of the program numbered the events
let recorder = null;
let atEnd = true; // whether the newest message is in sight

// Asking the small Twilio

async function ask(path, method = "GET", body = undefined) {
  const headers = { "X-Simulator": "page" };
  const isFile = body instanceof FormData;
  if (body !== undefined && !isFile) headers["Content-Type"] = "application/json";
  const answer = await fetch(`/simulator/${path}`, {
    method, headers, body: body === undefined || isFile ? body : JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${path.split("/")[0]} was answered ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}

// Whatever the visitor starts may fail (the program was stopped, a file is too large): say so on the page.
function attempt(work) {
  return async (...given) => {
    try {
      await work(...given);
      $("problem").hidden = true;
    } catch (error) {
      $("problem").textContent = `That did not work: ${error.message}`;
      $("problem").hidden = false;
    }
  };
}

async function start() {
  const state = await ask("state");
  seen = state.seen;
  run = state.run;
  adverts = state.adverts;
  people.clear();
  messages.clear();
  if (!state.chats.some((one) => !roleOf(one.who))) people.set(FIRST_CUSTOMER.who, FIRST_CUSTOMER);
  for (const one of staff) people.set(one.who, { ...one, name: one.role === "admin" ? "Admin" : "Staff", last: null });
  for (const one of state.chats) people.set(one.who, { ...people.get(one.who), ...one, name: nameOf(one) });
  showKinds(state.fault_kinds);
  showFaults(state.faults);
  showAdverts();
  showList();
  if (current) await open(current);
}

function nameOf(person) {
  const member = staff.find((one) => one.who === person.who);
  return person.name === "Someone" && member ? (member.role === "admin" ? "Admin" : "Staff") : person.name;
}

async function listen() {
  for (;;) {
    try {
      const news = await ask(`events?run=${run}&after=${seen}&wait=15`);
      if (news.anew) await start();
      for (const event of news.events) take(event);
      await new Promise((resume) => setTimeout(resume, 30)); // what comes together is shown together
    } catch {
      await new Promise((resume) => setTimeout(resume, 1500)); // the program is being restarted
    }
  }
}

function take(event) {
  seen = Math.max(seen, event.n);
  const who = event.chat.replace("whatsapp:", "");
  if (event.type === "typing") return showTyping(who);
  if (event.type === "person") people.set(who, { ...people.get(who), ...event.person, name: nameOf(event.person) });
  if (event.message) remember(who, event.message);
  if (event.type === "gone") messages.get(who)?.delete(event.sid);
  if (who === current && event.type !== "person") showMessages();
  showList();
}

function remember(who, message) {
  const person = people.get(who) || { who, name: "Someone" };
  const isNew = !person.last || message.ordinal > person.last.ordinal;
  if (isNew || person.last.sid === message.sid) people.set(who, { ...person, last: message });
  if (isNew && !message.mine && who !== current) unread.set(who, (unread.get(who) || 0) + 1);
  if (!message.mine && !FAILED.has(message.status)) stopTyping(who);
  messages.get(who)?.set(message.sid, message);
}

// The list of people

function showList() {
  const sorted = [...people.values()].sort((a, b) => (b.last?.at || "").localeCompare(a.last?.at || ""));
  const focused = document.activeElement?.dataset?.who;
  $("list").replaceChildren(...sorted.map(listItem));
  if (focused) $("list").querySelector(`[data-who="${CSS.escape(focused)}"]`)?.focus();
}

function listItem(person) {
  const button = make("button", { type: "button" });
  button.dataset.who = person.who;
  if (person.who === current) button.setAttribute("aria-current", "true");
  const title = make("strong", {}, person.name);
  if (roleOf(person.who)) title.append(make("span", { className: "role" }, roleOf(person.who)));
  button.append(face(person), title, make("time", {}, person.last ? clock(person.last.at) : ""));
  button.append(make("small", {}, person.last ? summary(person.last) : person.who));
  if (unread.get(person.who)) button.append(make("span", { className: "unread" }, String(unread.get(person.who))));
  button.addEventListener("click", attempt(async () => { await open(person.who); $("text").focus(); }));
  const item = make("li");
  item.append(button);
  return item;
}

function roleOf(who) { return staff.find((one) => one.who === who)?.role; }

function face(person) {
  const letters = person.name.split(/\s+/).map((word) => [...word][0] || "").slice(0, 2).join("").toUpperCase();
  const colour = [...person.who].reduce((sum, one) => sum + one.codePointAt(0), 0) % 6;
  const made = make("span", { className: `face c${colour}` }, letters);
  made.setAttribute("aria-hidden", "true");
  return made;
}

function summary(message) {
  if (message.body) return marked(message.body).map((one) => one.textContent ?? one).join("").replace(/\s+/g, " ");
  if (message.location) return "Location";
  return message.media.length ? mediaName(message.media[0].type) : "";
}

function mediaName(type) {
  return { image: "Picture", audio: "Voice note", video: "Video" }[type.split("/")[0]] || "Document";
}

// One chat

async function open(who) {
  if (current && current !== who) await ask(`chats/${encodeURIComponent(current)}/phone`, "POST", { open: false });
  current = who;
  unread.delete(who);
  desk.classList.add("in-chat");
  if (!people.has(who)) people.set(who, { who, name: "Someone", last: null });
  const person = people.get(who);
  await ask(`chats/${encodeURIComponent(who)}`, "PUT", { name: person.name });
  const answer = await ask(`chats/${encodeURIComponent(who)}`);
  messages.set(who, new Map(answer.messages.map((one) => [one.sid, one])));
  await ask(`chats/${encodeURIComponent(who)}/phone`, "POST", { open: true });
  showHead();
  showMessages(true);
  showList();
}

function showHead() {
  const person = people.get(current);
  const made = face(person);
  $("face").className = made.className;
  $("face").textContent = made.textContent;
  $("name").textContent = person.name;
  $("blocked").checked = Boolean(person.blocked);
  showPresence();
}

function showPresence() {
  const writes = typing.has(current);
  $("presence").textContent = writes ? "the shop is typing…" : [current, roleOf(current)].filter(Boolean).join(" · ");
  $("presence").classList.toggle("typing", writes);
}

function showTyping(who) {
  clearTimeout(typing.get(who));
  typing.set(who, setTimeout(() => stopTyping(who), 25000));
  if (who === current) { showPresence(); showMessages(); }
}

function stopTyping(who) {
  clearTimeout(typing.get(who));
  typing.delete(who);
  if (who === current) { showPresence(); showMessages(); }
}

function isAtEnd() {
  const box = $("messages");
  return box.scrollHeight - box.scrollTop - box.clientHeight < 80;
}

function showMessages(jump = false) {
  const box = $("messages");
  atEnd = jump || isAtEnd();
  const list = [...(messages.get(current)?.values() || [])].sort((a, b) => a.ordinal - b.ordinal);
  // Nodes of messages that did not change stay: a screen reader would read a rebuilt log again, a playing sound stop.
  const wanted = list.flatMap((message, at) => nodesOf(message, list[at - 1], list));
  if (!list.length) wanted.push(keyed("empty", "", () => make("p", { className: "empty" }, "Write something, as a customer would. The shop answers.")));
  if (typing.has(current)) wanted.push(keyed("dots", "", dots));
  wanted.forEach((node, at) => { if (box.children[at] !== node) box.insertBefore(node, box.children[at] || null); });
  while (box.children.length > wanted.length) box.lastChild.remove();
  if (atEnd) box.scrollTop = box.scrollHeight;
}

const kept = new Map(); // key → { print, node }
function keyed(name, print, build) {
  const key = `${current} ${name}`;
  const known = kept.get(key);
  if (known && known.print === print) return known.node;
  const node = build();
  kept.set(key, { print, node });
  return node;
}

const FAILED = new Set(["failed", "undelivered"]);

function nodesOf(message, before, list) {
  const nodes = [];
  const day = dayOf(message.at);
  if (!before || dayOf(before.at) !== day) {
    nodes.push(keyed(`day ${message.sid}`, day, () => make("p", { className: "day" }, day)));
  }
  const first = !before || before.mine !== message.mine || nodes.length > 0;
  nodes.push(keyed(message.sid, JSON.stringify([message, first]), () => bubble(message, first)));
  if (message.buttons.length && !FAILED.has(message.status)) {
    const answered = list.some((one) => one.replied_to === message.sid);
    nodes.push(keyed(`replies ${message.sid}`, String(answered), () => replies(message, answered)));
  }
  return nodes;
}

function bubble(message, first) {
  const made = make("article", { className: `bubble${message.mine ? " mine" : ""}${first ? " first" : ""}` });
  made.dataset.sid = message.sid;
  if (message.advert) made.append(make("span", { className: "from-ad" }, `Through the ad “${message.advert}”`));
  for (const file of message.media) made.append(media(file));
  if (chart(message.link)) made.append(make("img", { src: chart(message.link), alt: "Chart", className: "chart" }));
  if (message.location) made.append(place(message.location));
  made.append(...marked(message.body));
  if (message.link && !chart(message.link)) made.append(make("br"), link(message.link));
  made.append(meta(message));
  if (FAILED.has(message.status)) {
    made.append(make("span", { className: "reason" }, `Not delivered (${message.error_code}): ${message.reason}`));
  }
  return made;
}

const TICKS = { queued: ["◷", "waiting"], sent: ["✓", "sent"], delivered: ["✓✓", "delivered"], received: ["✓✓", "delivered"], read: ["✓✓", "read"], failed: ["!", "failed"], undelivered: ["!", "failed"] };

function meta(message) {
  const [sign, word] = TICKS[message.status] || ["◷", message.status];
  const ticks = make("span", { className: `ticks ${word}`, title: word }, sign);
  ticks.setAttribute("role", "img");
  ticks.setAttribute("aria-label", word);
  const made = make("span", { className: "meta" });
  if (message.template) made.append("template");
  made.append(make("time", { dateTime: message.at }, clock(message.at)), ticks);
  return made;
}

// A chart is this program's own, whatever name the page was opened by: http://localhost is another origin than 127.0.0.1.
function chart(address) {
  const found = /^https?:\/\/[^/]+(\/chart\/[\w-]+\.png)$/.exec(address || "");
  return found ? found[1] : null;
}

function media(file) {
  const kind = file.type.split("/")[0];
  if (kind === "image") return make("img", { src: file.url, alt: "Picture", loading: "lazy" });
  if (kind === "audio" || kind === "video") {
    const made = make(kind, { src: file.url, controls: true, preload: "metadata" });
    made.setAttribute("aria-label", mediaName(file.type));
    return made;
  }
  return make("a", { href: file.url, download: "" }, `Document (${file.type})`);
}

function place(location) {
  const made = make("span", { className: "place" });
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", "#i-pin");
  icon.append(use);
  made.append(icon, `${location.label ? `${location.label} · ` : ""}${location.latitude}, ${location.longitude}`);
  return made;
}

function replies(message, answered) {
  const made = make("div", { className: "replies" });
  made.setAttribute("role", "group");
  made.setAttribute("aria-label", "Quick replies");
  for (const button of message.buttons) {
    const one = make("button", { type: "button", disabled: answered }, button.title);
    one.addEventListener("click", attempt(() => send({ button: button.title, on: message.sid })));
    made.append(one);
  }
  return made;
}

function dots() {
  const made = make("div", { className: "dots" });
  made.setAttribute("role", "img");
  made.setAttribute("aria-label", "The shop is typing");
  made.append(make("i"), make("i"), make("i"));
  return made;
}

// WhatsApp's marks, as nodes: what people write is never read as HTML.
const MARKS = /(https?:\/\/[^\s<>]+[^\s<>.,;:!?)*_~])|```([\s\S]+?)```|`([^`\n]+)`|(?<![\w*])\*([^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])|(?<![\w_])_([^\s_](?:[^_\n]*[^\s_])?)_(?![\w_])|(?<![\w~])~([^\s~](?:[^~\n]*[^\s~])?)~(?![\w~])/g;

function marked(text) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(MARKS)) {
    nodes.push(text.slice(from, found.index), mark(found));
    from = found.index + found[0].length;
  }
  return [...nodes, text.slice(from)];
}

function mark([, address, block, code, bold, italic, struck]) {
  if (address) return link(address);
  if (block || code) return make("code", {}, block || code);
  const made = make(bold ? "strong" : italic ? "em" : "s");
  made.append(...marked(bold || italic || struck));
  return made;
}

function link(address) {
  if (!/^https?:\/\//.test(address)) return document.createTextNode(address);
  return make("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, address);
}

function make(name, properties = {}, text = undefined) {
  const made = Object.assign(document.createElement(name), properties);
  if (text !== undefined) made.textContent = text;
  return made;
}

function clock(moment) { return new Date(moment).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }); }

function dayOf(moment) {
  const day = new Date(moment).toDateString();
  const yesterday = new Date(Date.now() - 86400000).toDateString();
  if (day === new Date().toDateString()) return "Today";
  return day === yesterday ? "Yesterday" : new Date(moment).toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" });
}

// Sending

async function send(what) {
  if (!current) throw new Error("choose a chat first, or start one");
  const through = advert ? { advert } : {};
  await ask(`chats/${encodeURIComponent(current)}/messages`, "POST", { ...what, ...through });
  chooseAdvert(null);
}

async function sendFile(file, name) {
  if (!current) throw new Error("choose a chat first, or start one");
  if (file.size > 16 * 1024 * 1024) throw new Error("a file may have 16 MB");
  const form = new FormData();
  form.append("file", file, name);
  await ask(`chats/${encodeURIComponent(current)}/files`, "POST", form);
}

const sendText = attempt(async () => {
  const text = $("text").value.trim();
  if (!text) return;
  await send({ text });
  $("text").value = "";
  showSendButton();
});

function showSendButton() {
  const writes = Boolean($("text").value.trim());
  $("send").hidden = !writes;
  $("record").hidden = writes;
}

const record = attempt(async () => {
  if (recorder) return recorder.stop();
  if (!navigator.mediaDevices || !window.MediaRecorder) return $("sound-file").click();
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => null);
  if (!stream) return $("sound-file").click(); // no microphone, or not allowed: choose a file instead
  const parts = [];
  recorder = new MediaRecorder(stream);
  recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
  recorder.addEventListener("stop", attempt(async () => {
    stream.getTracks().forEach((track) => track.stop());
    const type = recorder.mimeType.split(";")[0] || "audio/webm";
    recorder = null;
    showRecording();
    await sendFile(new Blob(parts, { type }), "voice");
  }));
  recorder.start();
  showRecording();
});

function showRecording() {
  $("record").classList.toggle("recording", Boolean(recorder));
  $("record").setAttribute("aria-label", recorder ? "Stop and send the voice note" : "Record a voice note");
}

// One second of a falling tone, as a WAV file: for a browser without a microphone.
function sampleSound() {
  const rate = 8000;
  const view = new DataView(new ArrayBuffer(44 + rate));
  const word = (at, text) => [...text].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  word(0, "RIFF"); view.setUint32(4, 36 + rate, true); word(8, "WAVEfmt "); view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); view.setUint16(22, 1, true); view.setUint32(24, rate, true);
  view.setUint32(28, rate, true); view.setUint16(32, 1, true); view.setUint16(34, 8, true);
  word(36, "data"); view.setUint32(40, rate, true);
  for (let at = 0; at < rate; at += 1) view.setUint8(44 + at, 128 + 60 * Math.sin(at * (0.5 - at / 40000)));
  return new Blob([view], { type: "audio/wav" });
}

// Ads and failures

function showAdverts() {
  $("adverts").replaceChildren(...adverts.map((one, at) => {
    const label = make("label");
    const radio = make("input", { type: "radio", name: "advert", value: String(at), checked: at === 0 });
    label.append(radio, make("strong", {}, one.ReferralHeadline), make("span", {}, one.ReferralBody));
    return label;
  }));
}

function chosenAdvert() {
  const own = $("advert-id").value.trim();
  if (own) return { ReferralSourceId: own, ReferralSourceType: "ad", ReferralCtwaClid: `ARlocal${own}` };
  return adverts[Number(document.querySelector("input[name=advert]:checked").value)];
}

function chooseAdvert(one) {
  advert = one;
  $("coming").hidden = !one;
  $("coming-text").textContent = one ? `The next message arrives through “${one.ReferralHeadline || one.ReferralSourceId}”` : "";
}

function showKinds(kinds) {
  const options = kinds.map(([value, text]) => make("option", { value }, text));
  $("fault-kind").replaceChildren(...options);
  showCode();
}

function showCode() { $("fault-code-label").hidden = !["refuse", "fail"].includes($("fault-kind").value); }

function showFaults(faults) {
  const names = Object.fromEntries([...$("fault-kind").options].map((one) => [one.value, one.text]));
  const lines = faults.map((one) => `${names[one.kind]}${one.code ? ` (${one.code})` : ""} × ${one.times}, ${one.address ? one.address.replace("whatsapp:", "") : "everyone"}`);
  $("fault-list").replaceChildren(...(lines.length ? lines : ["Nothing: everything works."]).map((line) => make("li", {}, line)));
}

function showTrouble(shown) {
  $("faults").hidden = !shown;
  $("trouble").setAttribute("aria-expanded", String(shown));
  (shown ? $("fault-kind") : $("trouble")).focus();
}

const fail = attempt(async () => {
  const who = $("fault-who").value === "one" ? current : null;
  const code = $("fault-code-label").hidden ? null : $("fault-code").value;
  const answer = await ask("faults", "POST", { kind: $("fault-kind").value, who, code, times: $("fault-times").value, seconds: $("fault-seconds").value });
  showFaults(answer.faults);
});

// What the visitor does

function showAttach(shown) {
  $("attach").hidden = !shown;
  $("more").setAttribute("aria-expanded", String(shown));
  if (shown) $("send-picture").focus();
}

function dialog(name, done) {
  const box = $(`${name}-dialog`);
  box.querySelector("[data-close]").addEventListener("click", () => box.close());
  $(`${name}-form`).addEventListener("submit", attempt(done));
  return box;
}

function filed(input, name) {
  $(input).addEventListener("change", attempt(async () => {
    const [file] = $(input).files;
    $(input).value = "";
    if (file) await sendFile(file, name);
  }));
}

const begun = attempt(start)(); // what is known must be there before someone new joins it
const newDialog = dialog("new", async () => {
  await begun;
  const who = $("new-who").value.trim();
  people.set(who, { last: null, ...people.get(who), who, name: $("new-name").value.trim() || people.get(who)?.name || "Someone" });
  await open(who);
  $("text").focus();
});
const placeDialog = dialog("place", () => send({
  location: { latitude: $("latitude").value, longitude: $("longitude").value, label: $("label").value },
}));
const advertDialog = dialog("advert", async () => { chooseAdvert(chosenAdvert()); $("text").focus(); });

// A phone's keyboard makes the chat smaller: what was in sight stays so.
new ResizeObserver(() => { if (atEnd) $("messages").scrollTop = $("messages").scrollHeight; }).observe($("messages"));
$("messages").addEventListener("scroll", () => { atEnd = isAtEnd(); });
$("composer").addEventListener("submit", (event) => { event.preventDefault(); sendText(); });
$("text").addEventListener("input", showSendButton);
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); sendText(); }
});
$("new").addEventListener("click", () => newDialog.showModal());
$("advert").addEventListener("click", () => advertDialog.showModal());
$("coming-off").addEventListener("click", () => chooseAdvert(null));
$("back").addEventListener("click", attempt(async () => {
  desk.classList.remove("in-chat");
  await ask(`chats/${encodeURIComponent(current)}/phone`, "POST", { open: false });
  const left = current;
  current = null;
  showList();
  $("list").querySelector(`[data-who="${CSS.escape(left)}"]`)?.focus();
}));
$("more").addEventListener("click", () => showAttach($("attach").hidden));
$("attach").addEventListener("click", () => showAttach(false));
$("send-picture").addEventListener("click", () => $("picture-file").click());
$("send-sound").addEventListener("click", () => $("sound-file").click());
$("send-place").addEventListener("click", () => placeDialog.showModal());
$("send-sample").addEventListener("click", attempt(() => sendFile(sampleSound(), "voice.wav")));
$("record").addEventListener("click", record);
$("place-known").addEventListener("change", () => {
  const [latitude, longitude] = $("place-known").value.split(",");
  if (longitude) { $("latitude").value = latitude; $("longitude").value = longitude; }
});
$("trouble").addEventListener("click", () => showTrouble($("faults").hidden));
$("trouble-off").addEventListener("click", () => showTrouble(false));
$("fault-kind").addEventListener("change", showCode);
$("fault-form").addEventListener("submit", (event) => { event.preventDefault(); fail(); });
$("mend").addEventListener("click", attempt(async () => showFaults((await ask("faults", "DELETE")).faults)));
$("blocked").addEventListener("change", attempt(() => ask(`chats/${encodeURIComponent(current)}/phone`, "POST", { blocked: $("blocked").checked })));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || $("attach").hidden) return;
  showAttach(false);
  $("more").focus();
});
document.addEventListener("click", (event) => { if (!event.target.closest(".attach, #more")) showAttach(false); });
window.addEventListener("pagehide", () => {
  if (!current) return;
  const headers = { "X-Simulator": "page", "Content-Type": "application/json" };
  fetch(`/simulator/chats/${encodeURIComponent(current)}/phone`, { method: "POST", headers, body: '{"open": false}', keepalive: true });
});
filed("picture-file", "file");
filed("sound-file", "voice");
begun.then(listen);
