// The web chat. Nothing is stored on the device; what was not yet received by the gateway is kept in memory and
// sent again under the same id, and replies are shown once by their id.

const words = document.body.dataset;
const log = document.getElementById("log");
const typing = document.getElementById("typing");
const state = document.getElementById("state");
const form = document.getElementById("form");
const input = document.getElementById("input");

const AWAY = "/tam";
// Inside another site's page there is no cookie: the page itself carries its session.
const session = words.session;
const proof = session ? { "X-Phien": session } : {};
delete words.session;
const outbox = new Map(); // id -> {frame, element}: not yet received by the gateway
const shown = new Set(); // ids of replies on the page
const acks = []; // for plain HTTP: told with the next poll
let socket = null;
let failures = 0;
let plain = false; // WebSockets do not get through: use plain HTTP
let leaving = false;
let typingTimer = 0;
let pongTimer = 0;

// --- the page ---------------------------------------------------------------------------------------------------
const CALL = /(gọi(?: ngay| liền| giùm| giúp)?(?: số)?:? )(111|112|113|115)(?!\d|\/)/giu;

function fill(bubble, text) {
  let from = 0;
  for (const match of text.matchAll(CALL)) {
    const at = match.index + match[1].length;
    bubble.append(text.slice(from, at));
    const link = document.createElement("a");
    link.href = `tel:${match[2]}`;
    link.textContent = match[2];
    bubble.append(link);
    from = at + match[2].length;
  }
  bubble.append(text.slice(from));
}

function addMessage(who, text, kind) {
  const element = document.createElement("div");
  element.className = `message ${who} ${kind || ""}`.trim();
  const bubble = document.createElement("div");
  bubble.className = "bubble";
  const speaker = document.createElement("span");
  speaker.className = "quiet";
  speaker.textContent = `${who === "me" ? words.you : words.machine} `;
  bubble.append(speaker);
  if (who === "bot") fill(bubble, text);
  else bubble.append(text);
  element.append(bubble);
  log.insertBefore(element, typing);
  return element;
}

function scrollTo(element) {
  // The beginning of a long answer is more use than its end.
  const tall = element.offsetHeight > log.clientHeight - 32;
  if (tall) log.scrollTop = element.offsetTop - log.offsetTop - 12;
  else log.scrollTop = log.scrollHeight;
}

function showTyping(on) {
  clearTimeout(typingTimer);
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  typing.hidden = !on;
  if (on && atEnd) log.scrollTop = log.scrollHeight;
  if (on) typingTimer = setTimeout(() => showTyping(false), 20000);
}

function showState(text) {
  if (state.textContent !== text) state.textContent = text;
}

function showReply(id, reply) {
  if (shown.has(id)) return;
  shown.add(id);
  if (reply.kind === "hide") {
    leave(false);
    return;
  }
  showTyping(false);
  const element = addMessage("bot", reply.text, reply.kind);
  if (reply.buttons && reply.buttons.length) {
    const list = document.createElement("ul");
    list.className = "choices";
    for (const button of reply.buttons) {
      const choice = document.createElement("button");
      choice.type = "button";
      choice.className = "choice";
      choice.textContent = button.title;
      choice.addEventListener("click", () => press(button.payload, button.title));
      const item = document.createElement("li");
      item.append(choice);
      list.append(item);
    }
    element.append(list);
  }
  scrollTo(element);
}

function showNotice(error, id) {
  showTyping(false);
  const item = outbox.get(id);
  if (item && item.noticed) return;
  scrollTo(addMessage("bot", error.text, "safety"));
  if (!item) return;
  item.noticed = true;
  if (error.code === "down") {
    setTimeout(() => resend(id), (error.retry || 10) * 1000);
    return;
  }
  outbox.delete(id);
  if (error.code !== "too_many") return;
  const failed = document.createElement("p");
  failed.className = "failed";
  failed.append(words.unsent);
  const again = document.createElement("button");
  again.type = "button";
  again.textContent = words.resend;
  again.addEventListener("click", () => {
    failed.remove();
    input.focus();
    enqueue(item.frame, item.element);
  });
  failed.append(again);
  item.element.append(failed);
}

// --- sending ----------------------------------------------------------------------------------------------------
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join("");
}

function enqueue(frame, element) {
  element.classList.add("waiting");
  outbox.set(frame.id, { frame, element, noticed: false });
  showTyping(true);
  transmit(frame);
}

function transmit(frame) {
  if (plain) postMessage(frame);
  else if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
}

function resend(id) {
  const item = outbox.get(id);
  if (item) transmit(item.frame);
}

function received(id) {
  const item = outbox.get(id);
  if (!item) return;
  item.element.classList.remove("waiting");
  outbox.delete(id);
}

function say(text) {
  const element = addMessage("me", text);
  scrollTo(element);
  enqueue({ id: newId(), text }, element);
}

function press(payload, title) {
  if (payload === "/quick_exit") {
    leave(true);
    return;
  }
  const element = addMessage("me", title);
  scrollTo(element);
  enqueue({ id: newId(), payload, text: title }, element);
}

function take(frame) {
  if (frame.reply) showReply(frame.id, frame.reply);
  else if (frame.received) received(frame.received);
  else if (frame.error) showNotice(frame.error, frame.for);
  else if (frame.pong) clearTimeout(pongTimer);
}

// --- WebSocket --------------------------------------------------------------------------------------------------
function connect() {
  if (leaving || plain) return;
  let opened = false;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  let line;
  try {
    line = new WebSocket(`${scheme}://${location.host}/chat/ws`, session ? ["an-tam", session] : []);
  } catch {
    goPlain();
    return;
  }
  socket = line;
  line.addEventListener("open", () => {
    opened = true;
    failures = 0;
    showState("");
    for (const { frame } of outbox.values()) line.send(JSON.stringify(frame));
  });
  line.addEventListener("message", (event) => {
    const frame = JSON.parse(event.data);
    if (frame.reply) line.send(JSON.stringify({ ack: frame.id })); // first: showing it may mean leaving
    take(frame);
  });
  line.addEventListener("close", () => {
    if (socket !== line || leaving) return;
    clearTimeout(pongTimer);
    socket = null;
    failures += opened ? 0 : 1;
    showTyping(false);
    showState(words.reconnecting);
    if (failures >= 3) goPlain();
    else setTimeout(connect, opened ? 300 : 1000 * failures);
  });
}

setInterval(() => {
  // A phone that changed networks may hold a dead connection for minutes without noticing.
  if (!socket || socket.readyState !== WebSocket.OPEN) return;
  const line = socket;
  line.send('{"ping":1}');
  clearTimeout(pongTimer);
  pongTimer = setTimeout(() => line.close(), 8000);
}, 20000);

window.addEventListener("online", () => {
  if (!plain && !socket) connect();
});

// --- plain HTTP -------------------------------------------------------------------------------------------------
function goPlain() {
  plain = true;
  for (const { frame } of outbox.values()) postMessage(frame);
  poll();
}

async function postMessage(frame) {
  try {
    const answer = await fetch("/chat/messages", {
      method: "POST",
      headers: { "Content-Type": "application/json", ...proof },
      body: JSON.stringify(frame),
    });
    const body = await answer.json();
    if (answer.status === 401) await renew();
    else if (body.error) showNotice(body.error, frame.id);
    else if (body.received) received(body.received);
  } catch {
    showState(words.reconnecting);
  }
}

async function poll() {
  let pause = 1000;
  while (!leaving) {
    const told = acks.splice(0);
    try {
      const answer = await fetch(`/chat/replies?ack=${encodeURIComponent(told.join(","))}`, {
        cache: "no-store",
        headers: proof,
      });
      if (answer.status === 401) await renew();
      if (!answer.ok) throw new Error("not ok");
      const { replies } = await answer.json();
      if (state.textContent === words.reconnecting) for (const id of outbox.keys()) resend(id);
      showState("");
      pause = 1000;
      for (const frame of replies) {
        acks.push(frame.id);
        take(frame);
      }
    } catch {
      acks.unshift(...told);
      if (!state.textContent) showState(words.reconnecting);
      await new Promise((done) => setTimeout(done, pause));
      pause = Math.min(pause * 2, 15000);
    }
  }
}

async function renew() {
  // The session has run out: loading the page gives a new one.
  if (session) {
    location.reload();
    return;
  }
  const answer = await fetch("/", { cache: "no-store" });
  const check = await fetch("/chat/replies?wait=0", { cache: "no-store" });
  showState(answer.ok && check.status === 401 ? words.noSession : words.reconnecting);
}

// --- leaving ----------------------------------------------------------------------------------------------------
function leave(tell) {
  if (leaving) return;
  leaving = true;
  if (tell) {
    const frame = JSON.stringify({ id: newId(), payload: "/quick_exit" });
    const body = new Blob([frame], { type: "application/json" });
    if (session || !navigator.sendBeacon || !navigator.sendBeacon("/chat/messages", body)) {
      fetch("/chat/messages", { method: "POST", body, headers: proof, keepalive: true }).catch(() => {});
    }
  }
  input.value = "";
  if (acks.length) {
    fetch(`/chat/replies?wait=0&ack=${encodeURIComponent(acks.join(","))}`, {
      keepalive: true,
      headers: proof,
    }).catch(() => {});
  }
  document.body.replaceChildren();
  if (session) {
    parent.postMessage({ anTam: "thoat" }, "*"); // no content: the host page takes the frame away
    location.replace("about:blank");
  } else location.replace(AWAY);
  if (socket) socket.close();
}

let escapedAt = -Infinity;
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.repeat) return;
  if (event.timeStamp - escapedAt < 1000) leave(true);
  escapedAt = event.timeStamp;
});
document.getElementById("exit").addEventListener("click", () => leave(true));
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // nothing old comes back with the back button
});

// --- writing ----------------------------------------------------------------------------------------------------
function grow() {
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight + 3}px`;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = input.value.trim();
  if (text) {
    say(text);
    input.value = "";
    grow();
  }
  input.focus();
});
input.addEventListener("input", grow);
input.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});
for (const starter of document.querySelectorAll(".starter")) {
  starter.addEventListener("click", () => press(starter.dataset.payload, starter.dataset.show));
}

input.value = "";
showState(words.connecting);
if (words.topic) {
  history.replaceState(null, "", location.pathname); // neither repeated by a reload nor left in the address bar
  press(`/start ${words.topic}`, words.topicTitle);
}
connect();
