// The page of the local Slack: told of every change by /api/events, it fetches and redraws only what
// changed. With a state of its own in #given (responder card preview) it fetches nothing.
// Message text is hostile: it reaches the page through textContent and checked link targets only.
import { element, link, plainText } from "/mrkdwn.js";
import { content, payload, size } from "/blocks.js";

const REFUSED = "Refused by Slack";
const NEWEST_SHOWN = 200;
const BETWEEN_FETCHES_MS = 250;
const BUILDER = "https://app.slack.com/block-kit-builder/#";
const THEMES = { "": ["◐", "as the system"], light: ["☀", "light"], dark: ["☾", "dark"] };

const at = (id) => document.getElementById(id);
const messages = new Map(); // "channel ts" -> message, in the order of posting
const drawn = new Map(); // key -> { source, node }
const open = new Set(); // "raw key" and "thread key" of what the reader opened
let chosen = decodeURIComponent(location.hash.slice(1));
let refusals = [];
let revision = 0;

function key(message) {
  return `${message.channel_id} ${message.ts}`;
}

function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

function dayOf(seconds) {
  const options = { weekday: "long", month: "long", day: "numeric" };
  return new Date(seconds * 1000).toLocaleDateString([], options);
}

function timeTag(seconds) {
  const time = element("time", "", clock(seconds));
  time.title = new Date(seconds * 1000).toLocaleString();
  return time;
}

function button(className, text, onclick) {
  const node = element("button", className, text);
  node.type = "button";
  node.onclick = onclick;
  return node;
}

function drawMessage(message, replies, root) {
  const body = element("div");
  const byline = element("div", "byline");
  byline.append(
    element("b", "", "Incident Responder"),
    element("span", "tag", message.via === "webhook" ? "WEBHOOK" : "APP"),
    timeTag(message.posted_at),
  );
  const raw = drawRaw(`raw ${key(message)}`, message);
  byline.append(raw.button);
  body.append(byline);
  if (message.broadcast) body.append(drawOrigin(root));
  body.append(...content(message));
  if (message.edits) body.append(drawEdited(message));
  body.append(raw.panel);
  if (replies.length) body.append(drawThread(message, replies));
  const box = element("article", "message");
  box.append(element("div", "avatar", "IR"), body);
  return box;
}

function drawOrigin(root) {
  const about = root ? `replied to a thread: ${plainText(root.text)}` : "also sent to the channel";
  return element("div", "origin", about);
}

function drawEdited(message) {
  const times = message.edits === 1 ? "" : ` ${message.edits} times`;
  const mark = element("span", "edited", `(edited${times})`);
  mark.title = `last edited at ${clock(message.edited_at)}`;
  return mark;
}

function drawThread(message, replies) {
  const name = `thread ${key(message)}`;
  const thread = element("details", "thread");
  thread.open = open.has(name);
  thread.ontoggle = () => (thread.open ? open.add(name) : open.delete(name));
  const summary = element("summary", "", replies.length === 1 ? "1 reply" : `${replies.length} replies`);
  summary.append(element("span", "edited", `last at ${clock(replies.at(-1).posted_at)}`));
  const here = replies.map((reply) => drawMessage(reply, [], null));
  thread.append(summary, ...here);
  return thread;
}

// The raw message behind one button; drawn when first asked for, and open again after an edit.
function drawRaw(name, message) {
  const panel = element("div", "raw");
  const toggle = button("tool", "{ } raw", () => {
    if (open.has(name)) open.delete(name);
    else open.add(name);
    show();
  });
  const show = () => {
    panel.hidden = !open.has(name);
    toggle.setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden && !panel.hasChildNodes()) panel.append(...rawContent(message));
  };
  show();
  return { button: toggle, panel };
}

function rawContent(message) {
  const json = JSON.stringify(payload(message), null, 2);
  const facts = element("dl");
  const rows = { "On the lock screen": plainText(message.text ?? ""), Size: size(message) };
  for (const [name, value] of Object.entries(rows)) {
    facts.append(element("dt", "", name), element("dd", "", value));
  }
  const code = element("pre", "", json);
  const copy = button("tool", "copy", async () => {
    try {
      await navigator.clipboard.writeText(json);
      copy.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(code);
    }
  });
  const { blocks, attachments } = payload(message);
  const builder = BUILDER + encodeURIComponent(JSON.stringify({ blocks, attachments }));
  const tools = element("div", "tools");
  tools.append(copy, link(builder, "Block Kit Builder (sends it to slack.com)"));
  return [facts, tools, code];
}

function drawRefusal(refusal) {
  const byline = element("div", "byline");
  const method = `${refusal.method} → ${refusal.channel || "no channel"}`;
  byline.append(element("b", "", "Refused"), element("code", "", refusal.error), timeTag(refusal.at));
  const raw = drawRaw(`raw refusal ${refusal.number}`, refusal.message);
  byline.append(raw.button);
  const reasons = element("ul", "reasons");
  reasons.append(...refusal.reasons.map((reason) => element("li", "", reason)));
  const body = element("div");
  body.append(byline, element("div", "origin", method));
  if (refusal.message.text) body.append(element("div", "text", plainText(refusal.message.text)));
  if (refusal.reasons.length) body.append(reasons);
  body.append(raw.panel);
  const box = element("article", "message refusal");
  box.append(element("div", "avatar refused", "!"), body);
  return box;
}

function inChannel(message) {
  return !message.thread || message.broadcast;
}

function showChannels() {
  const counts = new Map();
  for (const message of messages.values()) {
    counts.set(message.channel, (counts.get(message.channel) ?? 0) + Number(inChannel(message)));
  }
  const names = [...counts].sort();
  if (refusals.length) names.push([REFUSED, refusals.length]);
  // Where something happened last: a reader who chose nothing came for that.
  const newest = [...messages.values()].at(-1)?.channel ?? REFUSED;
  if (!names.some(([name]) => name === chosen) && names.length) chosen = newest;
  const buttons = names.map(([name, count]) => {
    const node = button(name === REFUSED ? "refused" : "", undefined, () => choose(name));
    node.append(element("span", "", name), element("span", "count", String(count)));
    node.setAttribute("aria-current", String(name === chosen));
    return node;
  });
  at("channels").replaceChildren(...buttons);
  at("title").textContent = chosen || "No messages yet";
}

function choose(name) {
  chosen = name;
  history.replaceState(null, "", `#${encodeURIComponent(name)}`);
  show();
  at("messages").scrollTop = at("messages").scrollHeight;
}

function show() {
  const box = at("messages");
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  showChannels();
  const nodes = chosen === REFUSED ? refusals.map(refusalNode) : channelNodes();
  if (!nodes.length) nodes.push(element("p", "empty", "Cards appear here as soon as they are posted."));
  arrange(box, nodes);
  if (atEnd) box.scrollTop = box.scrollHeight;
}

function refusalNode(refusal) {
  return kept(`refusal ${refusal.number}`, "", () => drawRefusal(refusal));
}

function channelNodes() {
  const here = [...messages.values()].filter((message) => message.channel === chosen);
  const threads = Map.groupBy(here.filter((m) => m.thread), (m) => m.thread);
  let day = "";
  return here.filter(inChannel).slice(-NEWEST_SHOWN).flatMap((message) => {
    const replies = threads.get(message.ts) ?? [];
    const root = messages.get(`${message.channel_id} ${message.thread}`);
    const source = JSON.stringify([message, replies, root?.text]);
    const node = kept(key(message), source, () => drawMessage(message, replies, root));
    const today = dayOf(message.posted_at);
    if (today === day) return [node];
    day = today;
    return [kept(`day ${today}`, "", () => element("div", "day", today)), node];
  });
}

function kept(name, source, draw) {
  const known = drawn.get(name);
  if (known?.source === source) return known.node;
  const node = draw();
  drawn.set(name, { source, node });
  return node;
}

// Moves nothing that stands where it should: selections, scroll and open threads survive.
function arrange(box, nodes) {
  const wanted = new Set(nodes);
  for (const node of [...box.children]) if (!wanted.has(node)) node.remove();
  nodes.forEach((node, index) => {
    const there = box.children[index];
    if (there !== node) box.insertBefore(node, there ?? null);
  });
}

function take(state) {
  if (state.reset) for (const store of [messages, drawn]) store.clear();
  for (const message of state.messages) messages.set(key(message), message);
  refusals = state.refusals;
  revision = state.revision;
  const counts = at("counts");
  counts.replaceChildren(state.calls ? `${state.calls.toLocaleString()} calls` : "");
  if (state.rate_limited) counts.append(` · ${state.rate_limited.toLocaleString()} rate limited`);
  if (state.trouble) counts.append(" · ", element("span", "warn", `trouble: ${state.trouble}`));
  show();
}

// One fetch at a time; what changes meanwhile is fetched by the next one.
let fetching = false;
let again = false;
let loaded = () => {};
async function refresh() {
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  try {
    take(await (await fetch(`/api/page?since=${revision}`)).json());
    loaded();
  } catch {
    again = true;
  }
  setTimeout(() => {
    fetching = false;
    if (!again) return;
    again = false;
    refresh();
  }, BETWEEN_FETCHES_MS);
}

function listen() {
  const state = at("state");
  const say = (text, className) => {
    state.textContent = text;
    state.className = className;
  };
  const events = new EventSource("/api/events");
  say("loading", "");
  loaded = () => events.readyState === EventSource.OPEN && say("live", "");
  events.onerror = () => say("not reachable, trying again", "lost");
  events.onmessage = refresh;
}

function wear(theme) {
  document.documentElement.dataset.theme = theme;
  const [symbol, name] = THEMES[theme];
  at("theme").textContent = symbol;
  at("theme").title = `Colours: ${name}`;
  at("theme").setAttribute("aria-label", `Colours: ${name}`);
}

at("theme").onclick = () => {
  const names = Object.keys(THEMES);
  const worn = document.documentElement.dataset.theme ?? "";
  const next = names[(names.indexOf(worn) + 1) % names.length];
  localStorage.setItem("theme", next);
  wear(next);
};
wear(localStorage.getItem("theme") ?? "");

const given = at("given");
if (given) take(JSON.parse(given.textContent));
else listen();
