//! Pages for who is not signed in: whole documents without scripts, and with nothing of what is behind them.

use leptos::prelude::*;
use model::error::Error;

use crate::{Assets, Preferences, served::html::html, ui::icon};

/// Where the browser's style sheet is, and the theme.
#[derive(Clone, Debug, Default)]
pub struct Look {
    pub assets: Assets,
    pub preferences: Preferences,
}

/// `/login`. `next`: where the reader goes then. `name`: what was typed before.
pub fn login(look: &Look, next: &str, name: &str, refused: Option<&Error>) -> String {
    let (next, name) = (next.to_owned(), name.to_owned());
    let is_first = name.is_empty();
    let form = view! {
        <h1>"Sign in"</h1>
        {wrong(refused)}
        <form class="form" method="post" action="/login">
            <input type="hidden" name="next" value=next/>
            <label>"Name" <input name="name" required maxlength="100" autocomplete="username" autocapitalize="none"
                spellcheck="false" value=name autofocus=is_first/></label>
            <label>"Password" <input name="password" type="password" required maxlength="128"
                autocomplete="current-password" autofocus=!is_first/></label>
            <button type="submit" class="control primary">"Sign in"</button>
        </form>
        <p class="door-hint">"No password, or forgotten? An administrator can give you a link to choose one."</p>
    };
    document(look, "Sign in", form.into_any())
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
