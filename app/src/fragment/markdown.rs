//! Words of a panel: Markdown to HTML. Whoever edits a dashboard writes for everyone who looks at it, so that nothing
//! but the tags that are written here ever comes out, and links lead where a reader expects links to lead.

use model::{
    chart::escape,
    series::{HTML, Series, TEXT, Table},
};
use pulldown_cmark::{Alignment, CodeBlockKind, Event, HeadingLevel, LinkType, Options, Parser, Tag};

/// The answer to a panel as pages show it: words are set. The data of other panels stays as it is.
pub fn set(series: Series) -> Series {
    match series.table.single_text(TEXT) {
        Some(text) => Series { table: Table::of_text(HTML, html(text)), ..series },
        None => series,
    }
}

/// CommonMark with tables and strikethrough. HTML in it is text, an image is a link to it, headings begin below those
/// of the page.
pub fn html(text: &str) -> String {
    let mut writer = Writer::default();
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        writer.take(event);
    }
    writer.out
}

/// Tags within tags: beyond, there are but words.
const DEEPEST: usize = 24;

#[derive(Default)]
struct Writer {
    out: String,
    /// What closes each tag that is open, the innermost last; nothing for what is left out.
    open: Vec<&'static str>,
    /// Links hold no links.
    in_link: bool,
    in_head: bool,
    /// Of the table's columns, and at which one it is.
    columns: Vec<Alignment>,
    column: usize,
}

impl Writer {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(_) => {
                let close = self.open.pop().unwrap_or_default();
                self.in_link &= close != "</a>";
                self.in_head &= !close.starts_with("</tr></thead>");
                self.out.push_str(close);
            }
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.out.push_str("<code>");
                self.text(&text);
                self.out.push_str("</code>");
            }
            Event::SoftBreak => self.out.push('\n'),
            Event::HardBreak => self.out.push_str("<br>"),
            Event::Rule => self.out.push_str("<hr>"),
            // Not asked for.
            Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
        }
    }

    /// Its lines stay lines, as code needs them.
    fn text(&mut self, text: &str) {
        for (at, line) in text.split('\n').enumerate() {
            self.out.push_str(if at > 0 { "\n" } else { "" });
            self.out.push_str(&escape(line));
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        let (start, end) = match tag {
            _ if self.open.len() >= DEEPEST => ("", ""),
            Tag::Paragraph | Tag::HtmlBlock => ("<p>", "</p>"),
            Tag::Heading { level: HeadingLevel::H1, .. } => ("<h3>", "</h3>"),
            Tag::Heading { level: HeadingLevel::H2, .. } => ("<h4>", "</h4>"),
            Tag::Heading { level: HeadingLevel::H3, .. } => ("<h5>", "</h5>"),
            Tag::Heading { .. } => ("<h6>", "</h6>"),
            Tag::BlockQuote(_) => ("<blockquote>", "</blockquote>"),
            Tag::CodeBlock(CodeBlockKind::Indented | CodeBlockKind::Fenced(_)) => ("<pre><code>", "</code></pre>"),
            Tag::List(None) => ("<ul>", "</ul>"),
            Tag::List(Some(first)) => {
                let first = if first == 1 { String::new() } else { format!(" start=\"{first}\"") };
                self.out.push_str(&format!("<ol{first}>"));
                ("", "</ol>")
            }
            Tag::Item => ("<li>", "</li>"),
            Tag::Table(columns) => {
                self.columns = columns;
                ("<table>", "</tbody></table>")
            }
            Tag::TableHead => {
                (self.in_head, self.column) = (true, 0);
                ("<thead><tr>", "</tr></thead><tbody>")
            }
            Tag::TableRow => {
                self.column = 0;
                ("<tr>", "</tr>")
            }
            Tag::TableCell => self.cell(),
            Tag::Emphasis => ("<em>", "</em>"),
            Tag::Strong => ("<strong>", "</strong>"),
            Tag::Strikethrough => ("<del>", "</del>"),
            Tag::Link { link_type: LinkType::Email, dest_url, .. } => self.link(&format!("mailto:{dest_url}")),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => self.link(&dest_url),
            // Not asked for.
            _ => ("", ""),
        };
        self.out.push_str(start);
        self.open.push(end);
    }

    fn cell(&mut self) -> (&'static str, &'static str) {
        let alignment = self.columns.get(self.column).copied().unwrap_or(Alignment::None);
        self.column += 1;
        match (self.in_head, alignment) {
            (true, Alignment::Right) => ("<th class=\"num\">", "</th>"),
            (true, Alignment::Center) => ("<th class=\"middle\">", "</th>"),
            (true, _) => ("<th>", "</th>"),
            (false, Alignment::Right) => ("<td class=\"num\">", "</td>"),
            (false, Alignment::Center) => ("<td class=\"middle\">", "</td>"),
            (false, _) => ("<td>", "</td>"),
        }
    }

    /// Words alone where the address is none that a link may have.
    fn link(&mut self, address: &str) -> (&'static str, &'static str) {
        let Some(rel) = rel(address).filter(|_| !self.in_link) else { return ("", "") };
        self.in_link = true;
        self.out.push_str(&format!("<a href=\"{}\"{rel}>", escape(address)));
        ("", "</a>")
    }
}

/// What a link to the address says beside it; `None` where it is no address of ours, of the web, or of a mailbox.
fn rel(address: &str) -> Option<&'static str> {
    // Browsers skip tabs and line ends, and take `\` for `/`: what is read here is what they read.
    if address.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return None;
    }
    if address.starts_with('/') && !address.starts_with("//") {
        // Files are loaded, not gone to.
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let is_file = [".json", ".csv", ".svg", ".ndjson"].iter().any(|ending| path.ends_with(ending));
        return Some(if is_file { " rel=\"external\"" } else { "" });
    }
    let begins = |scheme: &str| address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let leads_away = ["http://", "https://", "mailto:"].into_iter().any(begins);
    leads_away.then_some(" rel=\"noopener noreferrer\"")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(html(text), expected, "{text}");
    }

    #[test]
    fn words_are_set() {
        check("# A\n## B\n###### C", "<h3>A</h3><h4>B</h4><h6>C</h6>");
        check("*a* **b** ~~c~~ `d < e`", "<p><em>a</em> <strong>b</strong> <del>c</del> <code>d &lt; e</code></p>");
        check("- a\n- b", "<ul><li>a</li><li>b</li></ul>");
        check("3. a\n4. b", "<ol start=\"3\"><li>a</li><li>b</li></ol>");
        check("> a\nb  \nc", "<blockquote><p>a\nb<br>c</p></blockquote>");
        check("```sql\na\n  <b>\n```\n---", "<pre><code>a\n  &lt;b&gt;\n</code></pre><hr>");
        check(
            "|a|b|\n|-|-:|\n|1|2|",
            "<table><thead><tr><th>a</th><th class=\"num\">b</th></tr></thead><tbody>\
             <tr><td>1</td><td class=\"num\">2</td></tr></tbody></table>",
        );
    }

    #[test]
    fn links_lead_within_to_the_web_and_to_mailboxes() {
        check("[a](/d/errors?range=7d&q=x)", "<p><a href=\"/d/errors?range=7d&amp;q=x\">a</a></p>");
        check("[a](/d/errors.json)", "<p><a href=\"/d/errors.json\" rel=\"external\">a</a></p>");
        let away = |address: &str, words: &str| {
            format!("<p><a href=\"{address}\" rel=\"noopener noreferrer\">{words}</a></p>")
        };
        check("[a](HTTPS://x.example/?a=\"b)", &away("HTTPS://x.example/?a=&quot;b", "a"));
        check("<https://x.example>", &away("https://x.example", "https://x.example"));
        check("<ops@x.example>", &away("mailto:ops@x.example", "ops@x.example"));
        check("![the *alt*](https://x.example/a.png)", &away("https://x.example/a.png", "the <em>alt</em>"));
        check("[a ![b](/c)](/d)", "<p><a href=\"/d\">a b</a></p>");
    }

    #[test]
    fn other_addresses_are_words() {
        for address in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "&#106;avascript:alert(1)",
            "&#x6A;avascript&colon;alert(1)",
            "java&Tab;script:alert(1)",
            "java&NewLine;script:alert(1)",
            "&#1;javascript:alert(1)",
            "<java script:alert(1)>",
            "javascript&#58;alert(1)",
            "vbscript:x",
            "data:text/html,<script>alert(1)</script>",
            "data:text/html;base64,PHN2Zz4=",
            "file:///etc/passwd",
            "blob:https://x/1",
            "//evil.example",
            "/\\evil.example",
            "/&Tab;/evil.example",
            "\\\\evil.example",
            "evil.example",
            "#top",
            "?q=x",
            "http:evil.example",
            "",
        ] {
            for text in [
                format!("[words]({address})"),
                format!("![words]({address})"),
                format!("[words]\n\n[words]: {address}"),
            ] {
                let html = html(&text);
                assert!(!html.contains("<a") && html.contains("words"), "{text}\n{html}");
            }
        }
        check("<javascript:alert(1)>", "<p>javascript:alert(1)</p>");
    }

    #[test]
    fn markup_is_text() {
        check("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>");
        check("a <img src=x onerror=alert(1)>", "<p>a &lt;img src=x onerror=alert(1)&gt;</p>");
        check("&lt;b&gt; &amp; &#60;i>", "<p>&lt;b&gt; &amp; &lt;i&gt;</p>");
        check("[a\" onclick=\"b](/d \"t\\\" onclick=\\\"x\")", "<p><a href=\"/d\">a&quot; onclick=&quot;b</a></p>");
        check("a\u{202e}b", "<p>aU+202Eb</p>");
    }

    #[test]
    fn what_is_deep_is_words() {
        let html = html(&(">".repeat(5_000) + "deep"));
        assert!(html.matches("<blockquote>").count() == DEEPEST && html.contains("deep"), "{html}");
        tags(&html).unwrap();
    }

    /// Whether every tag is one that is written here, and each is closed where it has to be; else the tag.
    fn tags(html: &str) -> Result<(), String> {
        const PLAIN: [&str; 19] = [
            "p",
            "h3",
            "h4",
            "h5",
            "h6",
            "blockquote",
            "pre",
            "code",
            "ul",
            "ol",
            "li",
            "table",
            "thead",
            "tbody",
            "tr",
            "em",
            "strong",
            "del",
            "a",
        ];
        let mut open = Vec::new();
        for part in html.split('<').skip(1) {
            let (tag, text) = part.split_once('>').ok_or(part)?;
            if text.contains(['>', '"', '\'']) {
                return Err(format!("text: {text}"));
            }
            let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
            if let Some(name) = name.strip_prefix('/') {
                (open.pop() == Some(name)).then_some(()).ok_or(tag)?;
                continue;
            }
            let known = match name {
                "br" | "hr" => attributes.is_empty(),
                "th" | "td" => ["", "class=\"num\"", "class=\"middle\""].contains(&attributes),
                "ol" => {
                    attributes.is_empty()
                        || attributes.strip_prefix("start=\"").is_some_and(|rest| {
                            rest.trim_end_matches('"').bytes().all(|byte| byte.is_ascii_digit()) && rest.ends_with('"')
                        })
                }
                "a" => attributes.strip_prefix("href=\"").is_some_and(|rest| {
                    let (address, rel) = rest.split_once('"').unwrap_or_default();
                    let lower = address.to_ascii_lowercase();
                    let ours = address.starts_with('/') && !address.starts_with("//") && !address.starts_with("/\\");
                    let away = ["http://", "https://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme));
                    match rel {
                        "" | " rel=\"external\"" => ours,
                        " rel=\"noopener noreferrer\"" => away,
                        _ => false,
                    }
                }),
                name => PLAIN.contains(&name) && attributes.is_empty(),
            };
            if !known {
                return Err(tag.to_owned());
            }
            if !["br", "hr"].contains(&name) {
                open.push(name);
            }
        }
        if open.is_empty() { Ok(()) } else { Err(format!("open: {open:?}")) }
    }

    /// Pieces that mean something in Markdown or in HTML, and what they may stand between.
    fn hostile() -> impl Strategy<Value = String> {
        let piece = "(<script>|</script>|<a href=|<img src=x onerror=alert\\(1\\)>|javascript:|data:|https://x|mailto:|//|/d|&lt;|&#60;|&#x3c|&quot;|\
             \\[|\\]|\\(|\\)|!|<|>|\"|'|`|```|~~|\\*\\*|_|# |- |1\\. |> |\\||\\|-:\\||\n|\n\n|    |\t|\\\\|<!--|-->|<!\\[CDATA\\[|a|é|\u{202e}|\u{0}){0,40}";
        prop_oneof![any::<String>(), piece]
    }

    proptest! {
        #[test]
        fn no_other_tag_ever_comes_out(text in hostile()) {
            let html = html(&text);
            prop_assert_eq!(tags(&html), Ok(()), "{}\n{}", text, html);
        }
    }
}
