//! `[slack]` of the configuration: the app whose token posts reports into channels.

use url::Url;

use super::source::{
    Secret,
    entry::{Entry, Mistake},
};

#[derive(Clone, Debug, PartialEq)]
pub struct Slack {
    /// Where the bot's token is.
    pub token: Secret,
    /// Reports go to these channels alone; none: to all that the app is in.
    pub channels: Vec<String>,
    /// What methods' names are added to; ends in `/`.
    pub api: String,
}

const API: &str = "https://slack.com/api/";

/// Reads the table, which begins at this byte.
pub fn parse(at: usize, table: &toml::de::DeTable<'_>) -> Result<Slack, Mistake> {
    let mut entry = Entry::of("slack", at, table);
    let Some(token) = Secret::named(&mut entry, "token_env", "token_file")? else {
        let what = "is missing, and so is token_file: one of them names where the token of the app's bot is";
        return Err(entry.mistake("token_env", what));
    };
    let channels = entry.list("channels")?.unwrap_or_default();
    if let Some(other) = channels.iter().find(|channel| !is_channel(channel)) {
        let what = format!("{other:?} is no channel's id such as C0123ABCD: it stands in the channel's About tab");
        return Err(entry.mistake("channels", &what));
    }
    let api = entry.text("api")?.unwrap_or_else(|| API.to_owned());
    if !is_api(&api) {
        let what = format!("no address such as {API}: https, without a name or a password, and with a / at the end");
        return Err(entry.mistake("api", &what));
    }
    entry.finish("[slack]")?;
    Ok(Slack { token, channels, api })
}

/// The id of a channel, a private one or a conversation.
pub fn is_channel(id: &str) -> bool {
    let rest = id.strip_prefix(['C', 'G', 'D']).unwrap_or_default();
    (6..=20).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn is_api(api: &str) -> bool {
    Url::parse(api).is_ok_and(|url| {
        let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        url.scheme() == "https" && plain && url.fragment().is_none() && api.ends_with('/')
    })
}

#[cfg(test)]
mod tests {
    use super::is_channel;

    #[test]
    fn a_channel_has_an_id() {
        assert!(["C0123ABCD", "G0123ABC", "D0123ABCDEF"].into_iter().all(is_channel));
        let none =
            ["", "#general", "general", "C012", "c0123abcd", "C0123ABCD ", "U0123ABCD", "C0123ABCD0123ABCD0123X"];
        assert!(!none.into_iter().any(is_channel));
    }
}
