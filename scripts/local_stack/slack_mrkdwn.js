// Slack's text formats as DOM nodes, for the page of the local Slack. Nothing here makes HTML of
// message text: every piece of it becomes a text node, and links are made only for known schemes.

export function element(tag, className = "", text = undefined) {
  const node = document.createElement(tag);
  if (className) node.className = className.trim();
  if (text !== undefined) node.textContent = text;
  return node;
}

// The emoji that alert cards use; any other name stays as it is written.
const EMOJI = {
  arrows_counterclockwise: "🔄", bell: "🔔", bulb: "💡", calendar: "📅", chart_with_upwards_trend: "📈",
  clock1: "🕐", exclamation: "❗", fire: "🔥", hammer_and_wrench: "🛠️", heavy_check_mark: "✔️",
  hourglass_flowing_sand: "⏳", information_source: "ℹ️", large_blue_circle: "🔵",
  large_green_circle: "🟢", large_orange_circle: "🟠", large_yellow_circle: "🟡", link: "🔗", mag: "🔍",
  memo: "📝", no_bell: "🔕", red_circle: "🔴", repeat: "🔁", robot_face: "🤖", rotating_light: "🚨",
  sos: "🆘", warning: "⚠️", white_check_mark: "✅", white_circle: "⚪", x: "❌", zap: "⚡",
};

export function withEmoji(text) {
  return text.replace(/:([a-z0-9_]+):/g, (whole, name) => EMOJI[name] ?? whole);
}

function unescaped(text) {
  const plain = text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  return withEmoji(plain);
}

// A message's text as a notification shows it: no formatting, mentions and dates in words.
export function plainText(text) {
  const words = formatted(text).map((node) => node.textContent);
  return words.join("");
}

export function link(url, label, className = "") {
  const usable = /^(https?|mailto):/i.test(url ?? "");
  const node = element(usable ? "a" : "span", className, label);
  if (usable) {
    node.href = url;
    node.target = "_blank";
    node.rel = "noopener noreferrer";
  }
  return node;
}

// docs.slack.dev/messaging/formatting-message-text#date-formatting
function dateText(seconds, format) {
  const moment = new Date(seconds * 1000);
  const date = (options) => moment.toLocaleDateString([], options);
  const time = (options) => moment.toLocaleTimeString([], options);
  const long = { weekday: "long", year: "numeric", month: "long", day: "numeric" };
  const medium = { year: "numeric", month: "long", day: "numeric" };
  const short = { year: "numeric", month: "short", day: "numeric" };
  const pretty = (options) => nearDay(moment) ?? date(options);
  const forms = {
    date_num: () => date({ year: "numeric", month: "2-digit", day: "2-digit" }),
    date: () => date(medium),
    date_short: () => date(short),
    date_long: () => date(long),
    date_pretty: () => pretty(medium),
    date_short_pretty: () => pretty(short),
    date_long_pretty: () => pretty(long),
    time: () => time({ hour: "2-digit", minute: "2-digit" }),
    time_secs: () => time({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
    ago: () => ago(seconds),
  };
  return format.replace(/\{(\w+)\}/g, (whole, name) => forms[name]?.() ?? whole);
}

function nearDay(moment) {
  const midnight = (value) => new Date(value).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(moment) - midnight(Date.now())) / 86_400_000);
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days];
}

function ago(seconds) {
  const passed = Math.max(0, Date.now() / 1000 - seconds);
  for (const [name, length] of [["day", 86_400], ["hour", 3600], ["minute", 60]]) {
    const count = Math.floor(passed / length);
    if (count) return `${count} ${name}${count > 1 ? "s" : ""} ago`;
  }
  return "just now";
}

// What stands between < and >: a date, a mention, a channel, or a link.
function token(inside) {
  const [target, ...rest] = inside.split("|");
  const label = rest.length ? unescaped(rest.join("|")) : "";
  const date = /^!date\^(\d+)\^([^^]*)(?:\^(.*))?$/.exec(target);
  if (date) {
    const shown = dateText(Number(date[1]), unescaped(date[2]));
    const node = date[3] ? link(unescaped(date[3]), shown) : element("time", "", shown);
    node.title = label;
    return node;
  }
  if (target.startsWith("!")) return element("span", "mention", `@${label || target.slice(1)}`);
  if (target.startsWith("@")) return element("span", "mention", label || target);
  if (target.startsWith("#")) return element("span", "mention", `#${label || target.slice(1)}`);
  return link(unescaped(target), label || unescaped(target));
}

const STYLES = { "*": "strong", _: "em", "~": "del" };
const INLINE =
  /`([^`\n]+)`|<([^<>\n]+)>|(?<![\w*])\*(?=\S)([^*\n]*[^*\s])\*(?![\w*])|(?<![\w_])_(?=\S)([^_\n]*[^_\s])_(?![\w_])|(?<![\w~])~(?=\S)([^~\n]*[^~\s])~(?![\w~])/g;

function inline(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(document.createTextNode(unescaped(text.slice(end, match.index))));
    end = match.index + match[0].length;
    nodes.push(inlinePiece(match));
  }
  nodes.push(document.createTextNode(unescaped(text.slice(end))));
  return nodes;
}

function inlinePiece([whole, code, angle, bold, italic, strike]) {
  if (code !== undefined) return element("code", "", unescaped(code));
  if (angle !== undefined) return token(angle);
  const node = element(STYLES[whole[0]]);
  node.append(...inline(bold ?? italic ?? strike));
  return node;
}

// Slack's mrkdwn: code blocks first, then quoted lines, then what stands within a line.
export function formatted(text) {
  return text.split(/```\n?([\s\S]*?)\n?```/).flatMap((part, index) => {
    if (index % 2) return [element("pre", "", unescaped(part))];
    const trimmed = index ? part.replace(/^\n/, "") : part;
    return trimmed ? lines(trimmed) : [];
  });
}

function lines(text) {
  const nodes = [];
  for (const run of text.split(/((?:^(?:&gt;|>) ?.*(?:\n|$))+)/m)) {
    if (!/^(&gt;|>)/.test(run)) {
      nodes.push(...inline(run));
      continue;
    }
    const quote = element("div", "quote");
    quote.append(...inline(run.replace(/^(&gt;|>) ?/gm, "").replace(/\n$/, "")));
    nodes.push(quote);
  }
  return nodes;
}

// The markdown block: headings, lists, bold, code and links; enough to read a card.
export function markdown(text) {
  return text.split(/```\w*\n?([\s\S]*?)\n?```/).flatMap((part, index) => {
    if (index % 2) return [element("pre", "", part)];
    return part.split("\n").flatMap((line, number) => [
      ...(number ? [document.createTextNode("\n")] : []),
      ...markdownLine(line),
    ]);
  });
}

function markdownLine(line) {
  const heading = /^#{1,6}\s+(.*)$/.exec(line);
  if (heading) return [element("strong", "", heading[1])];
  return markdownInline(line.replace(/^(\s*)[-*]\s+/, "$1• "));
}

function markdownInline(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(/`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^()\s]+)\)/g)) {
    nodes.push(document.createTextNode(text.slice(end, match.index)));
    end = match.index + match[0].length;
    const [, code, bold, label, url] = match;
    if (code !== undefined) nodes.push(element("code", "", code));
    else if (bold !== undefined) nodes.push(element("strong", "", bold));
    else nodes.push(link(url, label));
  }
  nodes.push(document.createTextNode(text.slice(end)));
  return nodes;
}

const RICH_BOXES = { rich_text_preformatted: ["pre", ""], rich_text_quote: ["div", "quote"] };

// The rich_text block's elements.
export function richText(parts) {
  return parts.map((part) => {
    if (part.type === "rich_text_list") {
      const list = element(part.style === "ordered" ? "ol" : "ul");
      for (const entry of part.elements) {
        const item = element("li");
        item.append(...entry.elements.map(richInline));
        list.append(item);
      }
      return list;
    }
    const box = element(...(RICH_BOXES[part.type] ?? ["div", "text"]));
    box.append(...part.elements.map(richInline));
    return box;
  });
}

function richInline(item) {
  if (item.type === "link") return link(item.url, item.text ?? item.url);
  if (item.type === "date") return element("time", "", dateText(item.timestamp, item.format));
  const said = {
    text: item.text,
    emoji: `:${item.name}:`,
    user: `@${item.user_id}`,
    channel: `#${item.channel_id}`,
    broadcast: `@${item.range}`,
  }[item.type];
  let node = element(item.style?.code ? "code" : "span", "", said);
  for (const [name, tag] of [["bold", "strong"], ["italic", "em"], ["strike", "del"]]) {
    if (!item.style?.[name]) continue;
    const outer = element(tag);
    outer.append(node);
    node = outer;
  }
  return node;
}
