//! Pages for who is not signed in: whole documents without scripts, and with nothing of what is behind them.

use leptos::prelude::*;
use model::error::Error;

use crate::{
    Assets, Preferences,
    api::Factor,
    served::{factor, html::html},
    ui::icon,
};

/// Where the browser's style sheet is, and the theme.
#[derive(Clone, Debug, Default)]
pub struct Look {
    pub assets: Assets,
    pub preferences: Preferences,
}

/// How one signs in.
#[derive(Clone, Debug, Default)]
pub struct Ways {
    /// The name of the provider, where there is one.
    pub provider: Option<String>,
    /// Passwords are for administrators alone.
    pub administrators: bool,
}

/// `/login`. `next`: where the reader goes then. `name`: what was typed before.
pub fn login(look: &Look, ways: &Ways, next: &str, name: &str, refused: Option<&Error>) -> String {
    let is_refused = refused.is_some();
    let by_provider = ways.provider.clone().map(|provider| {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        view! {
            <p class="door-provider"><a class="control primary" href=format!("/login/provider?{query}")>{format!("Sign in with {provider}")}</a></p>
        }
    });
    let form = password_form(next, name, by_provider.is_none());
    let form = match (by_provider.is_some(), ways.administrators) {
        (false, _) => form,
        (true, true) => view! {
            <details class="door-more" open=is_refused><summary>"Sign in as a local administrator"</summary>{form}</details>
        }
        .into_any(),
        (true, false) => view! { <p class="door-or">"or with a password"</p>{form} }.into_any(),
    };
    let hint = (!ways.administrators).then(|| {
        view! { <p class="door-hint">"No password, or forgotten? An administrator can give you a link to choose one."</p> }
    });
    let page = view! { <h1>"Sign in"</h1> {wrong(refused)} {by_provider} {form} {hint} };
    document(look, "Sign in", page.into_any())
}

fn password_form(next: &str, name: &str, is_only: bool) -> AnyView {
    let (next, name) = (next.to_owned(), name.to_owned());
    let is_first = name.is_empty();
    let button = if is_only { "control primary" } else { "control" };
    view! {
        <form class="form" method="post" action="/login">
            <input type="hidden" name="next" value=next/>
            <label>"Name" <input name="name" required maxlength="100" autocomplete="username" autocapitalize="none"
                spellcheck="false" value=name autofocus=is_first && is_only/></label>
            <label>"Password" <input name="password" type="password" required maxlength="128"
                autocomplete="current-password" autofocus=!is_first/></label>
            <button type="submit" class=button>"Sign in"</button>
        </form>
    }
    .into_any()
}

/// `/login/code`: after the password.
pub fn code(look: &Look, refused: Option<&Error>) -> String {
    let form = view! {
        <h1>"Your code"</h1>
        <p class="door-lead">"Type the code that your authenticator app shows now."</p>
        {wrong(refused)}
        <form class="form" method="post" action="/login/code">
            <label>"Code" <input name="code" required maxlength="40" autocomplete="one-time-code" autocapitalize="none"
                spellcheck="false" autofocus=true/></label>
            <button type="submit" class="control primary">"Sign in"</button>
        </form>
        <p class="door-hint">"The telephone is gone? Type one of your recovery codes, or ask an administrator to reset your second factor."</p>
        <p class="door-hint"><a href="/login">"Begin again"</a></p>
    };
    document(look, "Your code", form.into_any())
}

/// `/login/factor`: a second factor is asked for, and is set up before anything else. `next`: where the reader goes then.
pub fn factor(look: &Look, factor: &Factor, next: &str, refused: Option<&Error>) -> String {
    let next = next.to_owned();
    let form = match factor {
        Factor::Begun { secret, address } => view! {
            <p class="door-lead">"Read this with an authenticator app, or type the key into it. Then type the code that it shows."</p>
            {wrong(refused)}
            <form class="form" method="post" action="/login/factor">
                <input type="hidden" name="next" value=next/>
                <div class="factor-code">{factor::picture(address)}<code class="secret" data-role="factor-secret">{factor::spaced(secret)}</code></div>
                <label>"Code" <input name="code" required maxlength="10" inputmode="numeric" autocomplete="one-time-code" autofocus=true/></label>
                <button type="submit" name="do" value="confirm" class="control primary">"Switch on"</button>
            </form>
        }
        .into_any(),
        Factor::Unavailable => {
            view! { <p class="door-lead">"This server has no key to keep its secrets with: whoever runs it has to see to that."</p> }.into_any()
        }
        _ => view! {
            <p class="door-lead">"Here everybody signs in with a code from an app on their telephone after the password. Set it up now: it takes a minute."</p>
            {wrong(refused)}
            <form class="form" method="post" action="/login/factor">
                <input type="hidden" name="next" value=next/>
                <label>"Your password" <input name="password" type="password" required maxlength="128"
                    autocomplete="current-password" autofocus=true/></label>
                <button type="submit" name="do" value="begin" class="control primary">"Set up"</button>
            </form>
        }
        .into_any(),
    };
    let page = view! {
        <h1>"Your second factor"</h1>
        {form}
        <form class="door-out" method="post" action="/logout"><button type="submit" class="control">"Sign out"</button></form>
    };
    document(look, "Your second factor", page.into_any())
}

/// After a second factor was set up.
pub fn recovery(look: &Look, codes: &[String], next: &str) -> String {
    let next = next.to_owned();
    let page = view! {
        <h1>"Your second factor"</h1>
        {factor::codes(codes)}
        <p><a class="control primary" href=next>"Go on"</a></p>
    };
    document(look, "Your second factor", page.into_any())
}

/// Signed out here, and on the way to do so at the provider.
pub fn leaving(look: &Look, provider: &str, way: &str) -> String {
    let (lead, link) =
        (format!("You are signed out here, and are led to {provider}."), format!("Sign out of {provider}"));
    let page = view! {
        <h1>"Signing out"</h1>
        <p class="door-lead">{lead}</p>
        <p><a class="control" href=way.to_owned()>{link}</a></p>
    };
    document(look, "Signing out", page.into_any())
}

/// A sign-in through the provider that came to nothing.
pub fn failed(look: &Look, error: &Error, advice: &str, next: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    let advice = advice.to_owned();
    let text = view! {
        <h1>"You are not signed in"</h1>
        {wrong(Some(error))}
        <p class="door-lead">{advice}</p>
        <p class="door-failed"><a class="control" href=format!("/login?{query}")>"Back to sign-in"</a></p>
    };
    document(look, "You are not signed in", text.into_any())
}

/// `/welcome`: a user chooses a password. `user`: whose link it is; none: the first administrator, who chooses a name, too.
pub fn welcome(look: &Look, key: &str, user: Option<&str>, name: &str, refused: Option<&Error>) -> String {
    let key = key.to_owned();
    let (heading, lead) = match user {
        Some(_) => ("Choose a password", "With it you sign in from now on."),
        None => ("Welcome to Trailmap", "You are the first here: this makes you its administrator."),
    };
    let fixed = user.is_some();
    let name = user.unwrap_or(name).to_owned();
    let form = view! {
        <h1>{heading}</h1>
        <p class="door-lead">{lead}</p>
        {wrong(refused)}
        <form class="form" method="post" action="/welcome">
            <input type="hidden" name="key" value=key/>
            <label>"Name" <input name="name" required maxlength="100" autocomplete="username" autocapitalize="none"
                spellcheck="false" value=name readonly=fixed autofocus=!fixed/></label>
            <label>"Password" <input name="password" type="password" required minlength="10" maxlength="128"
                autocomplete="new-password" autofocus=fixed/></label>
            <label>"Password again" <input name="again" type="password" required maxlength="128"
                autocomplete="new-password"/></label>
            <button type="submit" class="control primary">"Save and sign in"</button>
        </form>
        <p class="door-hint">"At least 10 characters. Four words that have nothing to do with each other are good."</p>
    };
    document(look, heading, form.into_any())
}

/// Why there is nothing here.
pub fn closed(look: &Look, error: &Error) -> String {
    let message = error.message.clone();
    let text = view! {
        <h1>"This cannot be opened"</h1>
        <p class="door-lead">{message}</p>
        <p><a href="/login">"Sign in"</a></p>
    };
    document(look, "This cannot be opened", text.into_any())
}

fn wrong(refused: Option<&Error>) -> Option<AnyView> {
    let message = refused?.message.clone();
    Some(view! { <div class="notice bad" role="alert" data-role="refused"><p>{message}</p></div> }.into_any())
}

pub(crate) fn document(look: &Look, title: &str, content: AnyView) -> String {
    let css = look.assets.css.clone();
    // Leptos writes what stands in <title> as it is: no text of others comes in here.
    let title = format!("{title} · Trailmap");
    let page = view! {
        <html lang="en" data-theme=look.preferences.theme()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="robots" content="noindex"/>
                <title>{title}</title>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                {(!css.is_empty()).then(|| view! { <link rel="stylesheet" href=css/> })}
            </head>
            <body class="door">
                <main class="card door-card">
                    <p class="door-brand">{icon::logo()} <span class="brand-name">"Trailmap"</span></p>
                    {content}
                </main>
            </body>
        </html>
    };
    format!("<!DOCTYPE html>{}", html(page))
}
