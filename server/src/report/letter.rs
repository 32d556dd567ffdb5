//! A report as a letter: plain text, and HTML that loads nothing from anywhere; the picture comes along.

use std::fmt::Write;

use lettre::{
    Address, Message,
    error::Error,
    message::{
        Attachment, Mailbox, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};
use model::chart::{escape, visible};

use super::content::{Content, Figure, List, missing};
use crate::access::sha256;

/// What the HTML calls the picture.
const PICTURE: &str = "dashboard@trailmap";
const PICTURE_FILE: &str = "dashboard.png";
/// Figures beside one another.
const COLUMNS: usize = 3;

/// `key` becomes the letter's id.
pub fn letter(content: &Content, from: &Mailbox, to: &str, key: &str) -> Result<Message, Error> {
    let to: Address = to.parse().map_err(|_| Error::MissingTo)?;
    let id = sha256(&format!("{key} {to}")).iter().take(16).fold(String::new(), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    });
    let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
    let picture = Attachment::new_inline_with_name(PICTURE.to_owned(), PICTURE_FILE.to_owned())
        .body(content.picture.clone(), ContentType::parse("image/png").expect("a type"));
    let html = MultiPart::related().singlepart(SinglePart::html(html(content))).singlepart(picture);
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(visible(&content.title))
        .date_now()
        .message_id(Some(format!("<{id}@{}>", from.email.domain())))
        // No out-of-office reply comes back.
        .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
        .multipart(MultiPart::alternative().singlepart(SinglePart::plain(text(content))).multipart(html))
}

fn text(content: &Content) -> String {
    let Content { title, dashboard, about, span, link, manage, maker, schedule, .. } = content;
    let mut text = format!("{}\n{}: {}\n{span}\n\n{link}\n\n", visible(title), visible(dashboard), visible(about));
    for Figure { label, value, change } in &content.figures {
        let change = if change.is_empty() { String::new() } else { format!(" ({change})") };
        let _ = writeln!(text, "{}: {value}{change}", visible(label));
    }
    for List { title, rows } in &content.lists {
        let _ = writeln!(text, "\n{}", visible(title));
        for [name, value] in rows {
            let _ = writeln!(text, "  {value}  {}", visible(name));
        }
    }
    if let Some(missing) = missing(content) {
        let _ = writeln!(text, "\n{missing}");
    }
    let _ = write!(text, "\n-- \nTrailmap, for {}. {schedule}.\n{manage}\n", visible(maker));
    text
}

/// Tables and styles of elements: what readers of mail understand.
fn html(content: &Content) -> String {
    let Content { title, dashboard, about, span, link, manage, maker, schedule, .. } = content;
    let [title, dashboard, about, link, manage, maker, schedule] =
        [title, dashboard, about, link, manage, maker, schedule].map(|text| escape(text));
    let figures = rows(&content.figures.iter().map(figure).collect::<Vec<_>>());
    let lists: String = content.lists.iter().map(list).collect();
    let missing = missing(content).map(|text| note(&escape(&text))).unwrap_or_default();
    format!(
        r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title></head>
<body style="margin:0;padding:0;background:#f5f6f8;color:#161a20;font-family:Helvetica,Arial,sans-serif;font-size:14px;line-height:1.45">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="background:#f5f6f8"><tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="720" cellpadding="0" cellspacing="0" style="width:100%;max-width:720px">
<tr><td style="padding:0 4px 16px">
<h1 style="margin:0 0 4px;font-size:22px;line-height:1.3">{title}</h1>
<p style="margin:0;color:#5a6472">{dashboard} · {about}<br>{span}</p>
</td></tr>
<tr><td style="padding:0 0 16px"><table role="presentation" width="100%" cellpadding="0" cellspacing="8" style="background:#ffffff;border:1px solid #e2e5ea;border-radius:8px">{figures}</table></td></tr>
<tr><td style="padding:0 4px 16px"><a href="{link}" style="display:inline-block;padding:9px 16px;border-radius:6px;background:#1d5fd1;color:#ffffff;font-weight:bold;text-decoration:none">Open the dashboard</a></td></tr>
<tr><td style="padding:0 0 16px"><a href="{link}"><img src="cid:{PICTURE}" width="720" alt="{dashboard}: the dashboard as a picture" style="display:block;width:100%;max-width:720px;height:auto;border:1px solid #e2e5ea;border-radius:8px"></a></td></tr>
{lists}{missing}
<tr><td style="padding:8px 4px;color:#5a6472;font-size:12px">Trailmap, for {maker}. {schedule}. <a href="{manage}" style="color:#1d5fd1">Reports</a></td></tr>
</table></td></tr></table></body></html>
"#
    )
}

fn figure(figure: &Figure) -> String {
    let [label, value, change] = [&figure.label, &figure.value, &figure.change].map(|text| escape(text));
    format!(
        "<td width=\"33%\" valign=\"top\" style=\"padding:8px\"><div style=\"color:#5a6472;font-size:12px\">{label}</div>\
         <div style=\"font-size:20px;font-weight:bold\">{value}</div>\
         <div style=\"color:#5a6472;font-size:12px\">{change}</div></td>"
    )
}

fn rows(cells: &[String]) -> String {
    cells.chunks(COLUMNS).map(|row| format!("<tr>{}</tr>", row.concat())).collect()
}

fn list(list: &List) -> String {
    let row = |[name, value]: &[String; 2]| {
        format!(
            "<tr><td style=\"padding:3px 8px;word-break:break-word\">{}</td>\
             <td align=\"right\" style=\"padding:3px 8px;white-space:nowrap\">{}</td></tr>",
            escape(name),
            escape(value)
        )
    };
    let rows: String = list.rows.iter().map(row).collect();
    format!(
        "<tr><td style=\"padding:0 0 16px\"><h2 style=\"margin:0 4px 6px;font-size:15px\">{}</h2>\
         <table width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" \
         style=\"background:#ffffff;border:1px solid #e2e5ea;border-radius:8px\">{rows}</table></td></tr>\n",
        escape(&list.title)
    )
}

fn note(text: &str) -> String {
    format!("<tr><td style=\"padding:0 4px 12px;color:#5a6472\">{text}</td></tr>\n")
}
