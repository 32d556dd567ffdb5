//! The reader's own account: password, second factor, sessions, tokens.

use leptos::prelude::*;
use model::{
    access::{Accounts, Role},
    chart::format,
    error::Error,
    time::Timestamp,
    view::View,
};

use super::{
    Answer, Form, factor,
    html::{button, html, refused},
};
use crate::api::{Backend, Factor, Login, NewToken, Served, Token, Who};

pub const PATH: &str = "/account";

pub async fn page(backend: &dyn Backend, view: &View, answer: &Answer) -> Result<Served, Error> {
    let who = backend.who();
    let (logins, tokens) = (backend.logins().await?, backend.tokens().await?);
    let factor = backend.factor().await?;
    let name = who.name.clone();
    let has_password = !matches!(factor, Factor::Elsewhere(_));
    let page = view! {
        <div class="page-head"><div><h1>"Your account"</h1><p>{format!("{name} · {}", may(&who))}</p></div></div>
        {refused(answer.refused.as_ref())}
        {made(answer)}
        {factor::codes(&answer.codes)}
        {answer.said.clone().map(|said| view! { <div class="notice" data-role="said-here"><p>{said}</p></div> })}
        {self::tokens(view, &who, &tokens)}
        <div class="card-pair">{token(view, &who)}{has_password.then(|| password(view))}{factor::card(view, &factor)}</div>
        {sessions(view, &logins)}
    };
    Ok(Served { title: "Your account".to_owned(), html: html(page), ..Served::default() })
}

/// Does what a form of the page asks for.
pub async fn act(backend: &dyn Backend, form: &Form) -> Result<super::Done, Error> {
    let id = || form.get("id").parse().map_err(|_| Error::invalid("id", "This names nothing."));
    match form.get("do") {
        "password" => {
            if form.get("new") != form.get("again") {
                return Err(Error::invalid("again", "The new password was typed in two ways."));
            }
            backend.password_change(form.get("old"), form.get("new")).await?;
            return Ok(super::Done::Say("Your password is changed. All other sessions have ended.".to_owned()));
        }
        "factor-begin" => backend.factor_begin(form.raw("password")).await?,
        "factor-confirm" => return Ok(super::Done::Codes(backend.factor_confirm(form.get("code")).await?)),
        "factor-recovery" => return Ok(super::Done::Codes(backend.factor_recovery(form.raw("password")).await?)),
        "factor-end" => {
            backend.factor_end(form.raw("password")).await?;
            return Ok(super::Done::Say("You are asked for your password alone from now on.".to_owned()));
        }
        "end" => backend.login_end(Some(id()?)).await?,
        "end-others" => backend.login_end(None).await?,
        "token" => return Ok(super::Done::Secret(backend.token_create(&new_token(form)?).await?)),
        "revoke" => backend.token_delete(id()?).await?,
        _ => return Err(super::unknown()),
    }
    Ok(super::Done::Go(PATH.to_owned()))
}

fn new_token(form: &Form) -> Result<NewToken, Error> {
    let days =
        form.get("days").parse().map_err(|_| Error::invalid("days", "Write for how many days the token holds."))?;
    let (role, accounts) = super::users::allowed(form)?;
    Ok(NewToken { label: form.get("label").to_owned(), role, accounts, days })
}

/// A token that was just made.
fn made(answer: &Answer) -> Option<AnyView> {
    let secret = answer.secret.clone()?;
    let example = format!("curl -H 'Authorization: Bearer {secret}' …/d/overview/errors.json");
    Some(
        view! {
            <div class="notice made" role="status" data-role="made">
                <p><strong>"Your token. "</strong>"It is shown once: copy it now."</p>
                <code class="secret" data-role="secret">{secret}</code>
                <p class="rows-when">{example}</p>
            </div>
        }
        .into_any(),
    )
}

fn tokens(view: &View, who: &Who, tokens: &[Token]) -> AnyView {
    let rows: Vec<_> = tokens.iter().map(|token| token_row(view, who, token)).collect();
    let none = rows.is_empty().then(|| {
        view! { <li class="rows-none">"None yet. With a token a script reads what you read: add the header
        Authorization: Bearer to any address with .json, .csv, .ndjson, .png."</li> }
    });
    view! {
        <section class="card" aria-labelledby="tokens"><h2 id="tokens">"API tokens"</h2><ul class="rows">{rows}{none}</ul></section>
    }
    .into_any()
}

fn token_row(view: &View, who: &Who, token: &Token) -> AnyView {
    let whose = if token.user == who.name { String::new() } else { format!("{} · ", token.user) };
    let used = token.last_used.map_or("never used".to_owned(), |at| format!("last used {}", minute(at)));
    let detail = format!("{whose}{} · {used} · until {}", scope(token.role, &token.accounts), minute(token.expires));
    view! {
        <li>
            <div class="rows-main"><span class="rows-title">{token.label.clone()}</span><p>{detail}</p></div>
            <div class="rows-actions">
                {button(&view.href(PATH), &[("do", "revoke"), ("id", &token.id.to_string())], "Revoke", &token.label)}
            </div>
        </li>
    }
    .into_any()
}

fn token(view: &View, who: &Who) -> AnyView {
    let accounts = who.accounts.clone();
    view! {
        <form class="card form" method="post" action=view.href(PATH) aria-labelledby="new-token">
            <h2 id="new-token">"New token"</h2>
            <input type="hidden" name="do" value="token"/>
            <label>"What it is for" <input name="label" required maxlength="100" autocomplete="off"/></label>
            <div class="form-row">
                <label>"Role" {super::users::roles(Role::Viewer, who.role)}</label>
                <label>"Days" <input name="days" type="number" min="1" max="366" value="90" required/></label>
            </div>
            <label>"AWS accounts" <input name="accounts" value=accounts autocomplete="off" spellcheck="false"/>
                <span class="hint">"Ids with commas between them, or * for all that you see."</span></label>
            <button type="submit" class="control primary">"Create token"</button>
        </form>
    }
    .into_any()
}

fn password(view: &View) -> AnyView {
    view! {
        <form class="card form" method="post" action=view.href(PATH) aria-labelledby="password">
            <h2 id="password">"Password"</h2>
            <input type="hidden" name="do" value="password"/>
            <label>"Now" <input name="old" type="password" required maxlength="128" autocomplete="current-password"/></label>
            <label>"New" <input name="new" type="password" required minlength="10" maxlength="128" autocomplete="new-password"/></label>
            <label>"New, again" <input name="again" type="password" required maxlength="128" autocomplete="new-password"/></label>
            <button type="submit" class="control primary">"Change password"</button>
        </form>
    }
    .into_any()
}

fn sessions(view: &View, logins: &[Login]) -> AnyView {
    let rows: Vec<_> = logins.iter().map(|login| session_row(view, login)).collect();
    let others = (logins.len() > 1).then(|| {
        view! { <div class="rows-foot">{button(&view.href(PATH), &[("do", "end-others")], "Sign out everywhere else", "")}</div> }
    });
    view! {
        <section class="card" aria-labelledby="sessions">
            <h2 id="sessions">"Sessions"</h2>
            <ul class="rows">{rows}</ul>
            {others}
        </section>
    }
    .into_any()
}

fn session_row(view: &View, login: &Login) -> AnyView {
    let times =
        format!("from {} · since {} · last used {}", login.address, minute(login.created), minute(login.last_used));
    let own = login.own.then(|| view! { <span class="tag own">"This one"</span> });
    let end = (!login.own).then(|| {
        button(&view.href(PATH), &[("do", "end"), ("id", &login.id.to_string())], "Sign out", &login.user_agent)
    });
    view! {
        <li>
            <div class="rows-main"><span class="rows-title">{browser(&login.user_agent)}</span>{own}<p>{times}</p></div>
            <div class="rows-actions">{end}</div>
        </li>
    }
    .into_any()
}

/// `Chrome on Linux`, as far as the user agent tells; else what it says itself.
fn browser(agent: &str) -> String {
    let find =
        |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    let program = find(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = find(&[
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (program, system) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        _ if agent.is_empty() => "Unknown browser".to_owned(),
        _ => agent.chars().take(80).collect(),
    }
}

/// `2026-11-24 09:05`, in UTC.
pub(super) fn minute(at: Timestamp) -> String {
    let text = format::time(at);
    text.get(..16).map_or(text.clone(), |minute| format!("{minute} UTC"))
}

/// What the reader may.
fn may(who: &Who) -> String {
    scope(who.role, &Accounts::parse(&who.accounts).unwrap_or(Accounts::Only(Default::default())))
}

pub(super) fn scope(role: Role, accounts: &Accounts) -> String {
    match accounts {
        Accounts::All => format!("{role} of all accounts"),
        Accounts::Only(ids) if ids.is_empty() => format!("{role} of no account"),
        Accounts::Only(_) => format!("{role} of accounts {accounts}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_named_as_people_name_them() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
        assert_eq!(browser(chrome), "Chrome on Linux");
        assert_eq!(
            browser("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"),
            "Safari on iPhone"
        );
        assert_eq!(browser("curl/8.0"), "curl/8.0");
        assert_eq!(browser(""), "Unknown browser");
    }
}
