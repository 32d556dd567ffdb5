//! How filters are written, beside the bar that they are written in: examples that are links.

use leptos::prelude::*;
use model::view::View;

/// A filter and what it finds.
const EXAMPLES: [(&str, &str); 12] = [
    ("outcome:failure", "a field has this very value"),
    ("event_name:Delete*", "* is any text"),
    ("country:*", "there is a value"),
    ("not actor:ci", "also events without an actor"),
    ("event_source:(s3.amazonaws.com or iam.amazonaws.com)", "one of several values"),
    ("outcome:failure and (console:true or mfa_used:false)", "and binds closer than or"),
    ("actor:\"and co\"", "quotes keep blanks, colons, stars and words together"),
    ("source_ip:203.0.113.0/24", "a network"),
    ("hour >= 20 or hour < 6", "ranges of numbers, times, addresses and texts"),
    ("requestParameters.bucketName:*", "any path into the event, by CloudTrail’s own names"),
    ("accessdenied", "any text in the whole event; A to Z match in either case"),
    ("\"0.0.0.0/0\"", "such a text with signs in it"),
];

/// Its links are queries alone, `?q=…`: the bar puts the address of its page before each, so that they keep the range
/// wherever the reader has gone to since.
pub fn html() -> String {
    let row = |(filter, what): (&'static str, &'static str)| {
        let href = View { filter: filter.to_owned(), ..View::default() }.href("");
        view! { <tr><td><a href=href><code>{filter}</code></a></td><td>{what}</td></tr> }.into_any()
    };
    view! {
        <h3>"How filters are written"</h3>
        <table><tbody>{EXAMPLES.map(row).collect_view()}</tbody></table>
        <p>"While you type, fields and values that events have are suggested."</p>
    }
    .to_html()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_a_filter_and_a_link() {
        let html = html();
        for (filter, _) in EXAMPLES {
            model::filter::parse(filter).expect(filter);
        }
        assert_eq!(html.matches("href=\"?q=").count(), EXAMPLES.len(), "{html}");
        assert_eq!(html.matches("href=").count(), EXAMPLES.len());
    }
}
