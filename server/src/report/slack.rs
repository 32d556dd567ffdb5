//! A report as a message of Slack, in blocks.
//!
//! Of all blocks `rich_text` and `section` alone: others are refused with an error of Slack's own where a message comes with a file. What
//! others wrote stands in texts where no markup, no mention and no emoji is read.

use model::chart::visible;
use serde_json::{Value, json};

use super::content::{Content, Figure, missing};

/// What Slack takes, in characters.
const LONGEST_TEXT: usize = 2_000;
/// A filter may be longer than that: Slack would refuse the whole message.
const LONGEST_LINK: usize = 3_000;
/// Fields of a section.
const MOST_FIELDS: usize = 10;

/// As a webhook takes it.
pub fn message(content: &Content) -> Value {
    json!({ "text": fallback(content), "blocks": blocks(content) })
}

pub fn blocks(content: &Content) -> Vec<Value> {
    let about = format!("\n{} · {}", visible(&content.dashboard), visible(&content.about));
    let span = format!("\n{}", content.span);
    let mut title = text(&visible(&content.title));
    title["style"] = json!({ "bold": true });
    let mut blocks = vec![rich(&[title, text(&about), text(&span)])];
    let fields: Vec<_> = content.figures.iter().take(MOST_FIELDS).map(field).collect();
    if !fields.is_empty() {
        blocks.push(json!({ "type": "section", "fields": fields }));
    }
    for list in &content.lists {
        let rows: Vec<_> = list.rows.iter().map(|[name, value]| format!("{value}  {}", visible(name))).collect();
        let text = format!("{}\n{}", visible(&list.title), rows.join("\n"));
        blocks.push(json!({ "type": "section", "text": plain(&text) }));
    }
    if let Some(missing) = missing(content) {
        blocks.push(json!({ "type": "section", "text": plain(&missing) }));
    }
    if content.link.len() <= LONGEST_LINK {
        blocks.push(rich(&[json!({ "type": "link", "url": content.link, "text": "Open the dashboard" })]));
    }
    blocks
}

fn field(figure: &Figure) -> Value {
    let Figure { label, value, change } = figure;
    plain(&format!("{label}\n{value} {change}"))
}

fn rich(elements: &[Value]) -> Value {
    json!({ "type": "rich_text", "elements": [{ "type": "rich_text_section", "elements": elements }] })
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": lines(text) })
}

fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": lines(text), "emoji": false })
}

fn lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(visible).collect();
    lines.join("\n").trim_end().chars().take(LONGEST_TEXT).collect()
}

/// For notifications, where no blocks are shown; here Slack reads markup.
fn fallback(content: &Content) -> String {
    let title = visible(&content.title).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let figures: Vec<_> = content.figures.iter().take(3).map(|figure| &figure.value[..]).collect();
    if figures.is_empty() { title } else { format!("{title}: {}", figures.join(", ")) }
}
