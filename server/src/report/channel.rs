//! A channel of Slack, through an app that the operator named: the message and the dashboard's picture, as one.
//!
//! Slack asks for three steps: it says where a file may go, gets it there, and is told the channel. What is not told so is shown to
//! nobody, so that a report of which a step fails is begun anew. It shows the message only a little after it has taken it.

use anyhow::anyhow;
use form_urlencoded::Serializer;
use http::{HeaderValue, Request, Response, header};
use model::{chart::visible, dashboard::slug::slug};
use serde_json::{Value, json};

use super::{Content, LONGEST_SAID, LONGEST_TROUBLE, Trouble, passes, short, slack};
use crate::{
    config::slack::{Slack, is_channel},
    outgoing::Client,
};

/// What the app may do.
const SCOPE: &str = "files:write";
const SCOPES: &str = "x-oauth-scopes";

#[derive(Clone, Debug)]
pub struct App {
    /// Sensitive: `Debug` does not show it.
    authorization: HeaderValue,
    api: String,
    /// None: all that it is in.
    pub channels: Vec<String>,
    outgoing: Client,
}

impl App {
    /// Asks Slack nothing yet. Errors: the token cannot be read.
    pub fn open(settings: &Slack, outgoing: Client) -> anyhow::Result<App> {
        let told = |what: String| anyhow!("[slack]: {what}");
        let token = settings.token.text("token").map_err(told)?;
        let token = token.trim();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(told("the token is none: it has blanks or other characters than ASCII".to_owned()));
        }
        let mut authorization = HeaderValue::from_str(&format!("Bearer {token}"))?;
        authorization.set_sensitive(true);
        Ok(App { authorization, api: settings.api.clone(), channels: settings.channels.clone(), outgoing })
    }

    /// A channel that reports may go to.
    pub fn channel(&self, typed: &str) -> Result<String, String> {
        let id = typed.trim();
        if !is_channel(id) {
            let typed = short(id, LONGEST_SAID);
            return Err(format!(
                "“{typed}” is no channel's id such as C0123ABCD: open the channel's details in Slack; it is at the end of About."
            ));
        }
        match self.channels.is_empty() || self.channels.iter().any(|one| one == id) {
            true => Ok(id.to_owned()),
            false => {
                Err(format!("Reports go to the channels {} alone, and {id} is none of them.", self.channels.join(", ")))
            }
        }
    }

    /// Whether the token is good, and may do what reports need. Returns the team's name and the bot's.
    pub async fn check(&self) -> Result<[String; 2], Trouble> {
        let (answer, scopes) = self.ask("auth.test", &[]).await?;
        if let Some(scopes) = scopes
            && !scopes.split(',').any(|scope| scope.trim() == SCOPE)
        {
            return Err(Trouble::lasting(refusal("missing_scope", SCOPE)));
        }
        Ok(["team", "user"].map(|key| short(answer[key].as_str().unwrap_or("?"), LONGEST_SAID)))
    }

    pub async fn send(&self, content: &Content, channel: &str) -> Result<String, Trouble> {
        let Content { dashboard, picture, .. } = content;
        let title = visible(dashboard);
        let (filename, length) = (format!("{}.png", slug(dashboard)), picture.len().to_string());
        // Of files with an `alt_txt` Slack is known to say that all is well, and to show none.
        let fields = [("filename", &*filename), ("length", &length)];
        let (place, _) = self.ask("files.getUploadURLExternal", &fields).await?;
        let (Some(address), Some(file)) = (place["upload_url"].as_str(), place["file_id"].as_str()) else {
            return Err(misunderstood());
        };
        self.upload(address, picture).await?;
        let files = json!([{ "id": file, "title": title }]).to_string();
        let blocks = Value::from(slack::blocks(content)).to_string();
        let fields = [("files", &*files), ("channel_id", channel), ("blocks", &blocks)];
        self.ask("files.completeUploadExternal", &fields).await?;
        Ok("Slack took it".to_owned())
    }

    /// To another host than that of the API, which is not told the token.
    async fn upload(&self, address: &str, picture: &[u8]) -> Result<(), Trouble> {
        let of_upload = |trouble: Trouble| Trouble {
            what: format!("The picture: {}", short(&trouble.what, LONGEST_TROUBLE)),
            ..trouble
        };
        let request = Request::post(address).header(header::CONTENT_TYPE, "image/png").body(picture.to_vec());
        let request = request.map_err(|_| of_upload(Trouble::lasting("Slack named no address for it.")))?;
        let answer = self.outgoing.send(request).await.map_err(|error| of_upload(error.into()))?;
        answered(&answer).map_err(of_upload)
    }

    /// Calls a method. Returns its answer, which is a good one, and what the token may do, if that is told.
    async fn ask(&self, method: &str, fields: &[(&str, &str)]) -> Result<(Value, Option<String>), Trouble> {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(format!("{}{method}", self.api))
            .header(header::AUTHORIZATION, self.authorization.clone())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.into_bytes());
        let request = request.map_err(|_| Trouble::lasting("[slack] api: this is no address."))?;
        let answer = self.outgoing.send(request).await?;
        answered(&answer)?;
        let scopes = answer.headers().get(SCOPES).and_then(|scopes| scopes.to_str().ok()).map(str::to_owned);
        let told: Value = serde_json::from_slice(answer.body()).map_err(|_| misunderstood())?;
        match (told["ok"].as_bool(), told["error"].as_str()) {
            (Some(true), _) => Ok((told, scopes)),
            (Some(false), Some(code)) => {
                let needed = told["needed"].as_str().unwrap_or(SCOPE);
                Err(Trouble { what: refusal(code, needed), passes: may_pass(code) })
            }
            _ => Err(misunderstood()),
        }
    }
}

/// Errors: another status than that of a success.
fn answered(answer: &Response<Vec<u8>>) -> Result<(), Trouble> {
    let status = answer.status();
    match status.is_success() {
        true => Ok(()),
        false => Err(Trouble { what: format!("Slack answered {}.", status.as_u16()), passes: passes(status) }),
    }
}

fn misunderstood() -> Trouble {
    Trouble { what: "Slack's answer cannot be understood.".to_owned(), passes: true }
}

/// Slack's word for it, and what helps.
fn refusal(code: &str, needed: &str) -> String {
    let help = match code {
        "not_in_channel" => "invite the app into the channel first",
        "channel_not_found" => {
            "the id is at the end of the channel's About tab, and the app must have been invited into a private channel"
        }
        "invalid_auth" | "token_revoked" | "token_expired" | "account_inactive" | "not_authed" => {
            "the token is not valid any more; whoever runs Trailmap renews it"
        }
        "missing_scope" => {
            let needed = if is_words(needed) { needed } else { SCOPE };
            return format!("Slack refused it: missing_scope: the app needs {}.", short(needed, LONGEST_SAID));
        }
        "is_archived" => "the channel is archived",
        _ if is_words(code) => return format!("Slack refused it: {}.", short(code, LONGEST_SAID)),
        _ => return "Slack refused it, in words that are none of its own.".to_owned(),
    };
    format!("Slack refused it: {code}: {help}.")
}

/// As Slack writes codes and scopes; what else comes could be the token that it was sent.
fn is_words(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_:.,".contains(&byte))
}

fn may_pass(code: &str) -> bool {
    matches!(
        code,
        "ratelimited"
            | "internal_error"
            | "fatal_error"
            | "service_unavailable"
            | "request_timeout"
            | "team_added_to_org"
    )
}
