//! A report as a message of Slack, in blocks. A webhook takes no pictures, but for those that anybody can fetch.

use model::chart::visible;
use serde_json::{Value, json};

use super::content::{Content, Figure};

/// What Slack takes, in characters.
const LONGEST_HEADER: usize = 150;
const LONGEST_TEXT: usize = 2_000;
/// A filter may be longer than that: Slack would refuse the whole message.
const LONGEST_LINK: usize = 3_000;
/// Fields of a section.
const MOST_FIELDS: usize = 10;

pub fn message(content: &Content) -> Value {
    let about = format!("{} · {}", content.dashboard, content.about);
    let mut blocks = vec![
        json!({ "type": "header", "text": plain(&content.title, LONGEST_HEADER) }),
        json!({ "type": "context", "elements": [plain(&about, LONGEST_TEXT), plain(&content.span, LONGEST_TEXT)] }),
    ];
    let fields: Vec<_> = content.figures.iter().take(MOST_FIELDS).map(field).collect();
    if !fields.is_empty() {
        blocks.push(json!({ "type": "section", "fields": fields }));
    }
    for list in &content.lists {
        let rows: Vec<_> = list.rows.iter().map(|[name, value]| format!("{value}  {name}")).collect();
        let text = format!("{}\n{}", list.title, rows.join("\n"));
        blocks.push(json!({ "type": "section", "text": lines(&text) }));
    }
    if content.link.len() <= LONGEST_LINK {
        let open = json!({ "type": "button", "text": plain("Open the dashboard", LONGEST_TEXT), "url": content.link });
        blocks.push(json!({ "type": "actions", "elements": [open] }));
    }
    json!({ "text": fallback(content), "blocks": blocks })
}

fn field(figure: &Figure) -> Value {
    let Figure { label, value, change } = figure;
    lines(&format!("{label}\n{value} {change}"))
}

/// Words as they are: no markup, no mention, no emoji is read in them.
fn plain(text: &str, longest: usize) -> Value {
    let text: String = visible(text).chars().take(longest).collect();
    json!({ "type": "plain_text", "text": text, "emoji": false })
}

/// The same, of several lines.
fn lines(text: &str) -> Value {
    let text: Vec<_> = text.lines().map(|line| visible(line).into_owned()).collect();
    let text: String = text.join("\n").trim_end().chars().take(LONGEST_TEXT).collect();
    json!({ "type": "plain_text", "text": text, "emoji": false })
}

/// For notifications, where no blocks are shown; here Slack reads markup.
fn fallback(content: &Content) -> String {
    let title = visible(&content.title).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let figures: Vec<_> = content.figures.iter().take(3).map(|figure| &figure.value[..]).collect();
    if figures.is_empty() { title } else { format!("{title}: {}", figures.join(", ")) }
}
