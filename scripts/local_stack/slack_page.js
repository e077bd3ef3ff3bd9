// The page of the local Slack: reads /api/messages every two seconds and touches only what changed.
// Message text is hostile: it reaches the page through textContent and checked link targets only.
import { element, formatted, link, markdown, richText, withEmoji } from "/mrkdwn.js";

const EVERY_MS = 2000;
const NEWEST_SHOWN = 200;
const BAR_COLORS = { good: "#2eb67d", warning: "#daa038", danger: "#a30200" };

const messagesBox = document.getElementById("messages");
const channelsBox = document.getElementById("channels");
const stateLine = document.getElementById("state");
let chosen = decodeURIComponent(location.hash.slice(1));
let messages = [];
let etag = "";
const drawn = new Map(); // "channel ts" -> { source, node }

function textObject(object) {
  if (!object) return element("span");
  const box = element("div", "text");
  if (object.type === "mrkdwn") box.append(...formatted(object.text));
  else box.textContent = plain(object);
  return box;
}

function plain(object) {
  return object.emoji === false ? object.text : withEmoji(object.text);
}

function interactive(item) {
  if (item.type === "image") return element("span", "image", `[image: ${item.alt_text}]`);
  const label = item.text?.text ?? item.placeholder?.text ?? (item.type === "overflow" ? "⋯" : "▾");
  return link(item.url, label, `button ${item.style ?? ""}`);
}

const DRAW = {
  header: (block) => element("div", "block header", plain(block.text)),
  divider: () => element("hr", "block divider"),
  section(block) {
    const body = element("div", "body");
    if (block.text) body.append(textObject(block.text));
    if (block.fields) {
      const fields = element("div", "fields");
      fields.append(...block.fields.map(textObject));
      body.append(fields);
    }
    const box = element("div", "block section");
    box.append(body);
    if (block.accessory) box.append(interactive(block.accessory));
    return box;
  },
  context(block) {
    const box = element("div", "block context");
    box.append(...block.elements.map((e) => (e.type === "image" ? interactive(e) : textObject(e))));
    return box;
  },
  actions(block) {
    const box = element("div", "block actions");
    box.append(...block.elements.map(interactive));
    return box;
  },
  image: (block) => element("div", "block image", `[image: ${block.title?.text ?? block.alt_text}]`),
  alert(block) {
    const box = element("div", `block alert ${block.level ?? "default"}`);
    box.append(textObject(block.text));
    return box;
  },
  markdown(block) {
    const box = element("div", "block text");
    box.append(...markdown(block.text));
    return box;
  },
  rich_text(block) {
    const box = element("div", "block");
    box.append(...richText(block.elements));
    return box;
  },
  table(block) {
    const table = element("table", "block");
    for (const row of block.rows) {
      const line = element("tr");
      for (const cell of row) {
        const box = element("td", "cell");
        if (cell.type === "rich_text") box.append(...richText(cell.elements));
        else box.textContent = cell.text ?? cell.value;
        line.append(box);
      }
      table.append(line);
    }
    return table;
  },
};

function drawBlocks(blocks) {
  return (blocks ?? []).map((block) => DRAW[block.type](block));
}

function drawAttachment(attachment) {
  const box = element("div", "attachment");
  const color = attachment.color ?? "";
  const named = BAR_COLORS[color] ?? `#${color.replace("#", "")}`;
  if (color) box.style.setProperty("border-left-color", named);
  if (attachment.pretext) box.append(textObject({ type: "mrkdwn", text: attachment.pretext }));
  if (attachment.title) box.append(link(attachment.title_link, attachment.title, "header"));
  if (attachment.text) box.append(textObject({ type: "mrkdwn", text: attachment.text }));
  box.append(...drawBlocks(attachment.blocks));
  return box;
}

function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

function drawMessage(message, replies) {
  const byline = element("div", "byline");
  const time = element("time", "", clock(message.posted_at));
  time.title = new Date(message.posted_at * 1000).toLocaleString();
  byline.append(
    element("b", "", "Incident Responder"),
    element("span", "tag", message.via === "webhook" ? "WEBHOOK" : "APP"),
    time,
  );
  if (message.broadcast) byline.append(element("span", "edited", "replied to a thread"));
  const body = element("div");
  body.append(byline);
  // Slack shows the text itself only where no blocks of the message's own stand in for it.
  if (message.text && !message.blocks.length) {
    body.append(textObject({ type: "mrkdwn", text: message.text }));
  }
  body.append(...drawBlocks(message.blocks), ...message.attachments.map(drawAttachment));
  if (message.edits) {
    const times = message.edits === 1 ? "once" : `${message.edits} times`;
    const mark = element("span", "edited", "(edited)");
    mark.title = `edited ${times}, last at ${clock(message.edited_at)}`;
    body.append(mark);
  }
  if (replies.length) body.append(drawThread(message, replies));
  const box = element("article", "message");
  box.append(element("div", "avatar", "IR"), body);
  return box;
}

function drawThread(message, replies) {
  const thread = element("details", "thread");
  thread.open = drawn.get(key(message))?.node.querySelector("details")?.open ?? true;
  const count = replies.length === 1 ? "1 reply" : `${replies.length} replies`;
  thread.append(element("summary", "", count), ...replies.map((r) => drawMessage(r, [])));
  return thread;
}

function key(message) {
  return `${message.channel_id} ${message.ts}`;
}

function showChannels() {
  const counts = new Map();
  for (const message of messages) {
    counts.set(message.channel, (counts.get(message.channel) ?? 0) + (message.thread && !message.broadcast ? 0 : 1));
  }
  if (!counts.has(chosen) && counts.size) chosen = counts.keys().next().value;
  const buttons = [...counts].sort().map(([name, count]) => {
    const button = element("button");
    button.type = "button";
    button.append(element("span", "", name), element("span", "count", String(count)));
    button.setAttribute("aria-current", String(name === chosen));
    button.onclick = () => choose(name);
    return button;
  });
  channelsBox.replaceChildren(...buttons);
  document.getElementById("title").textContent = chosen || "No messages yet";
}

function choose(name) {
  chosen = name;
  history.replaceState(null, "", `#${encodeURIComponent(name)}`);
  show();
  messagesBox.scrollTop = messagesBox.scrollHeight;
}

function show() {
  const atEnd = messagesBox.scrollHeight - messagesBox.scrollTop - messagesBox.clientHeight < 40;
  showChannels();
  const here = messages.filter((message) => message.channel === chosen);
  const threads = Map.groupBy(here.filter((m) => m.thread), (m) => m.thread);
  const nodes = here.filter((m) => !m.thread || m.broadcast).slice(-NEWEST_SHOWN).map((message) => {
    const replies = threads.get(message.ts) ?? [];
    const source = JSON.stringify([message, replies]);
    const known = drawn.get(key(message));
    if (known?.source === source) return known.node;
    const node = drawMessage(message, replies);
    drawn.set(key(message), { source, node });
    return node;
  });
  if (!nodes.length) nodes.push(element("p", "empty", "Cards appear here as soon as they are posted."));
  arrange(nodes);
  if (atEnd) messagesBox.scrollTop = messagesBox.scrollHeight;
}

// Moves nothing that stands where it should: selections, scroll and open threads survive.
function arrange(nodes) {
  const wanted = new Set(nodes);
  for (const node of [...messagesBox.children]) if (!wanted.has(node)) node.remove();
  nodes.forEach((node, index) => {
    const there = messagesBox.children[index];
    if (there !== node) messagesBox.insertBefore(node, there ?? null);
  });
}

async function refresh() {
  try {
    const answer = await fetch("/api/messages", etag ? { headers: { "If-None-Match": etag } } : {});
    if (answer.status === 200) {
      etag = answer.headers.get("ETag") ?? "";
      messages = await answer.json();
      show();
    }
    stateLine.textContent = "live";
    stateLine.className = "";
  } catch {
    stateLine.textContent = "not reachable, trying again";
    stateLine.className = "lost";
  }
  setTimeout(refresh, EVERY_MS);
}

refresh();
