// Block Kit as DOM nodes, for the page of the local Slack: blocks, attachments, interactive elements.
import { element, formatted, link, markdown, richText, withEmoji } from "/mrkdwn.js";

const BAR_COLORS = { good: "#2eb67d", warning: "#daa038", danger: "#a30200" };

export function textObject(object) {
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

// What a person sees of a message: its text only where no blocks of its own stand in for it.
export function content(message) {
  const nodes = [...drawBlocks(message.blocks), ...message.attachments.map(drawAttachment)];
  const said = message.text && !message.blocks.length;
  return said ? [textObject({ type: "mrkdwn", text: message.text }), ...nodes] : nodes;
}

// The message as it was sent: what Slack's Block Kit Builder takes.
export function payload(message) {
  const { text, blocks, attachments, metadata } = message;
  const sent = { text, blocks };
  if (attachments?.length) sent.attachments = attachments;
  if (metadata && Object.keys(metadata).length) sent.metadata = metadata;
  return sent;
}

// How much of Slack's limits a message takes; a refused one may hold anything.
export function size(message) {
  const list = (value) => (Array.isArray(value) ? value : []);
  const all = [...list(message.blocks), ...list(message.attachments).flatMap((a) => list(a?.blocks))];
  const characters = (value) => {
    if (value === null || typeof value !== "object") return 0;
    const own = typeof value.text === "string" ? value.text.length : 0;
    return Object.values(value).reduce((sum, inner) => sum + characters(inner), own);
  };
  const blocks = all.length === 1 ? "1 block" : `${all.length} blocks`;
  return `${blocks} of 50, ${characters(all).toLocaleString()} characters of about 13,200`;
}
