//! Users: who may sign in, what they may do, and whose events they see.

use leptos::prelude::*;
use model::{
    access::{Accounts, Role},
    error::Error,
    view::View,
};

use super::{
    Answer, Done, Form,
    account::{minute, scope},
    html::{button, html, refused},
};
use crate::api::{Backend, Served, User};

pub const PATH: &str = "/users";

pub async fn page(backend: &dyn Backend, view: &View, answer: &Answer) -> Result<Served, Error> {
    let who = backend.who();
    let rows: Vec<_> = backend.users().await?.iter().map(|user| row(view, user, user.name == who.name)).collect();
    let page = view! {
        <div class="page-head"><div>
            <h1>"Users"</h1>
            <p>"Viewers look, export and make tokens. Editors change dashboards and share. Administrators do everything."</p>
        </div></div>
        {refused(answer.refused.as_ref())}
        {made(answer)}
        <section class="card" aria-label="Users"><ul class="rows">{rows}</ul></section>
        {create(view)}
    };
    Ok(Served { title: "Users".to_owned(), html: html(page), ..Served::default() })
}

/// Does what a form of the page asks for.
pub async fn act(backend: &dyn Backend, form: &Form) -> Result<Done, Error> {
    let id = || form.get("id").parse().map_err(|_| Error::invalid("id", "This names no user."));
    match form.get("do") {
        "create" => {
            let (role, accounts) = allowed(form)?;
            return Ok(Done::Secret(backend.user_create(form.get("name"), role, &accounts).await?));
        }
        "welcome" => return Ok(Done::Secret(backend.user_welcome(id()?).await?)),
        "change" => {
            let (role, accounts) = allowed(form)?;
            backend.user_change(id()?, role, &accounts, !form.get("disabled").is_empty()).await?;
        }
        "sign-out" => backend.user_sign_out(id()?).await?,
        "factor-reset" => backend.user_factor_reset(id()?).await?,
        "delete" => backend.user_delete(id()?).await?,
        _ => return Err(super::unknown()),
    }
    Ok(Done::Go(PATH.to_owned()))
}

/// Role and accounts of a form.
pub(super) fn allowed(form: &Form) -> Result<(Role, Accounts), Error> {
    let role = Role::parse(form.get("role")).ok_or_else(|| Error::invalid("role", "This is not a role."))?;
    Ok((role, Accounts::parse(form.get("accounts"))?))
}

/// A link that was just made.
fn made(answer: &Answer) -> Option<AnyView> {
    let link = answer.secret.clone()?;
    Some(
        view! {
            <div class="notice made" role="status" data-role="made">
                <p><strong>"A link to choose a password. "</strong>
                    "Hand it on by a way that only its user reads. It works once, for three days, and is not shown again."</p>
                <code class="secret" data-role="secret">{link}</code>
            </div>
        }
        .into_any(),
    )
}

fn row(view: &View, user: &User, own: bool) -> AnyView {
    let tag = match user {
        User { disabled: true, .. } => Some("May not sign in"),
        User { welcomed: false, provider: None, .. } => Some("No password yet"),
        _ if own => Some("You"),
        _ => None,
    };
    let seen = user.last_sign_in.map_or("never signed in".to_owned(), |at| format!("signed in {}", minute(at)));
    let from = user.provider.as_ref().map(|name| format!("from {name} · ")).unwrap_or_default();
    let detail = format!("{from}{} · {seen} · since {}", scope(user.role, &user.accounts), minute(user.created));
    let is_local = user.provider.is_none();
    let id = user.id.to_string();
    let send = |what: &'static str, label: &'static str| {
        button(&view.href(PATH), &[("do", what), ("id", &id)], label, &user.name)
    };
    view! {
        <li data-user=user.name.clone()>
            <div class="rows-main">
                <span class="rows-title">{user.name.clone()}</span>
                {tag.map(|tag| view! { <span class="tag">{tag}</span> })}
                {user.second_factor.then(|| view! { <span class="tag">"Second factor"</span> })}
                <p>{detail}</p>
            </div>
            <div class="rows-actions">
                {change(view, user)}
                {is_local.then(|| send("welcome", if user.welcomed { "New password" } else { "New link" }))}
                {user.second_factor.then(|| send("factor-reset", "Reset second factor"))}
                {send("sign-out", "Sign out")}
                {(!own).then(|| send("delete", "Delete"))}
            </div>
        </li>
    }
    .into_any()
}

fn change(view: &View, user: &User) -> AnyView {
    let name = format!("Change {}", user.name);
    let (id, accounts) = (user.id.to_string(), user.accounts.to_string());
    let may = match &user.provider {
        None => view! { <label>"Role" {roles(user.role, Role::Admin)}</label> {accounts_field(accounts)} }.into_any(),
        Some(provider) => view! {
            <input type="hidden" name="role" value=user.role.name()/>
            <input type="hidden" name="accounts" value=accounts/>
            <p class="hint">{format!("Role and accounts come from the groups at {provider}, at each sign-in.")}</p>
        }
        .into_any(),
    };
    view! {
        <details class="popover">
            <summary class="control" aria-label=name>"Change"</summary>
            <form class="popover-body form" method="post" action=view.href(PATH)>
                <input type="hidden" name="do" value="change"/>
                <input type="hidden" name="id" value=id/>
                {may}
                <label class="check"><input type="checkbox" name="disabled" value="1" checked=user.disabled/> "May not sign in"</label>
                <button type="submit" class="control primary">"Save"</button>
            </form>
        </details>
    }
    .into_any()
}

fn create(view: &View) -> AnyView {
    view! {
        <form class="card form" method="post" action=view.href(PATH) aria-labelledby="new">
            <h2 id="new">"New user"</h2>
            <input type="hidden" name="do" value="create"/>
            <div class="form-row">
                <label>"Name" <input name="name" required maxlength="100" autocomplete="off" autocapitalize="none" spellcheck="false"/></label>
                <label>"Role" {roles(Role::Viewer, Role::Admin)}</label>
            </div>
            {accounts_field("*".to_owned())}
            <button type="submit" class="control primary">"Create user"</button>
        </form>
    }
    .into_any()
}

fn accounts_field(value: String) -> AnyView {
    view! {
        <label>"AWS accounts" <input name="accounts" value=value autocomplete="off" spellcheck="false"/>
            <span class="hint">"Whose events the user sees: ids with commas between them, or * for all."</span></label>
    }
    .into_any()
}

/// The roles up to `most`.
pub(super) fn roles(chosen: Role, most: Role) -> AnyView {
    let option = |role: Role| {
        let label = match role {
            Role::Viewer => "Viewer",
            Role::Editor => "Editor",
            Role::Admin => "Administrator",
        };
        view! { <option value=role.name() selected=role == chosen>{label}</option> }
    };
    let options: Vec<_> = Role::ALL.into_iter().filter(|role| *role <= most).map(option).collect();
    view! { <select name="role">{options}</select> }.into_any()
}
