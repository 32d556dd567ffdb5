//! `/share`: makes a link of a page; `/shares`: which links there are.

use leptos::prelude::*;
use model::{error::Error, share::Hidden, view::View};

use super::{
    Answer, Done, Form,
    account::minute,
    html::{button, html, refused},
};
use crate::api::{Backend, NewShare, Served, SharedLink, ShortLink};

pub const LIST: &str = "/shares";
pub const NEW: &str = "/share";

/// `of`: the page that is to be shared, with its view.
pub async fn create_page(backend: &dyn Backend, query: &str, answer: &Answer) -> Result<Served, Error> {
    let of = of(query);
    let who = backend.who();
    if who.open {
        backend.shares().await?;
    }
    let action = format!("{NEW}?{}", form_urlencoded::Serializer::new(String::new()).append_pair("of", &of).finish());
    let back = of.clone();
    let typed = answer.form.clone().unwrap_or_default();
    let is_set = |name: &str| !typed.get(name).is_empty();
    let days = if is_set("days") { typed.get("days").to_owned() } else { "7".to_owned() };
    let (snapshot, origins) = (typed.get("kind") == "snapshot", typed.get("origins").to_owned());
    let (drills, exports) = (is_set("drills"), is_set("exports"));
    let hidden: Vec<_> = Hidden::ALL
        .into_iter()
        .map(|hidden| {
            let (label, on) = (hidden.label(), typed.all("hide").any(|name| name == hidden.name()));
            view! {
                <label class="check"><input type="checkbox" name="hide" value=hidden.name() checked=on/> {label}</label>
            }
        })
        .collect();
    let form = who.edits().then(|| {
        view! {
            <form class="card form" method="post" action=action.clone() aria-labelledby="new-share">
                <h2 id="new-share">"A link for who does not sign in"</h2>
                <input type="hidden" name="do" value="share"/>
                <div class="form-row">
                    <label>"Shows" <select name="kind">
                        <option value="live">"what is there when it is opened"</option>
                        <option value="snapshot" selected=snapshot>"what is there now, for good"</option>
                    </select></label>
                    <label>"Days" <input name="days" type="number" min="1" max="90" value=days required/></label>
                    <label>"Password, if any" <input name="password" type="password" maxlength="128" autocomplete="new-password"/></label>
                </div>
                <fieldset class="checks"><legend>"Keep to yourself"</legend>{hidden}</fieldset>
                <fieldset class="checks"><legend>"Allow"</legend>
                    <label class="check"><input type="checkbox" name="drills" value="1" checked=drills/> "Filtering further by a click"</label>
                    <label class="check"><input type="checkbox" name="exports" value="1" checked=exports/> "PNG, CSV and JSON of each panel"</label>
                </fieldset>
                <label>"Pages that may show it in a frame" <input name="origins" autocomplete="off" spellcheck="false" placeholder="https://wiki.example.com" value=origins/>
                    <span class="hint">"Origins with blanks between them; none as a rule."</span></label>
                <button type="submit" class="control primary">"Create link"</button>
            </form>
        }
    });
    let short = view! {
        <form class="card form" method="post" action=action aria-labelledby="short">
            <h2 id="short">"A short address for your team"</h2>
            <input type="hidden" name="do" value="short"/>
            <p>"Leads whoever signs in to this very page, with its filter and range."</p>
            <button type="submit" class="control">"Create short address"</button>
        </form>
    };
    let page = view! {
        <div class="page-head">
            <div><h1>"Share"</h1><p class="shared-address">{of}</p></div>
            <nav class="page-actions" aria-label="About it"><a href=back>"Back"</a><a href=LIST>"All links"</a></nav>
        </div>
        {refused(answer.refused.as_ref())}
        {made(answer)}
        {form}
        {short}
    };
    Ok(Served { title: "Share".to_owned(), html: html(page), ..Served::default() })
}

pub async fn create(backend: &dyn Backend, query: &str, form: &Form) -> Result<Done, Error> {
    let address = of(query);
    let link = match form.get("do") {
        "short" => backend.short_link(&address).await?,
        "share" => {
            let days = form
                .get("days")
                .parse()
                .map_err(|_| Error::invalid("days", "Write for how many days the link holds."))?;
            let password = form.0.iter().find(|(name, _)| name == "password").map(|(_, value)| value.clone());
            let share = NewShare {
                address,
                days,
                password: password.unwrap_or_default(),
                snapshot: form.get("kind") == "snapshot",
                hidden: form.all("hide").filter_map(Hidden::parse).collect(),
                drills: !form.get("drills").is_empty(),
                exports: !form.get("exports").is_empty(),
                origins: form.get("origins").split_whitespace().map(str::to_owned).collect(),
            };
            backend.share_create(&share).await?
        }
        _ => return Err(super::unknown()),
    };
    Ok(Done::Secret(link))
}

/// The page that is shared, from the query of `/share`.
fn of(query: &str) -> String {
    let of = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "of").map(|(_, of)| of.into_owned());
    of.filter(|of| of.starts_with('/') && !of.starts_with("//")).unwrap_or_else(|| "/".to_owned())
}

fn made(answer: &Answer) -> Option<AnyView> {
    let link = answer.secret.clone()?;
    let is_short = link.contains("/go/");
    let (title, text) = match is_short {
        true => ("A short address. ", "It leads whoever signs in to this page."),
        false => {
            ("Your link. ", "It is shown once: copy it now. Whoever has it sees what is shared, and nothing else.")
        }
    };
    let frame = (!is_short).then(|| {
        let code = format!("<iframe src=\"{link}?embed=1\" title=\"Trailmap\" width=\"100%\" height=\"600\"></iframe>");
        view! { <p class="rows-when">"For a page that may show it: "<code>{code}</code></p> }
    });
    Some(
        view! {
            <div class="notice made" role="status" data-role="made">
                <p><strong>{title}</strong>{text}</p>
                <code class="secret" data-role="secret">{link}</code>
                {frame}
            </div>
        }
        .into_any(),
    )
}

pub async fn list_page(backend: &dyn Backend, view: &View, answer: &Answer) -> Result<Served, Error> {
    let who = backend.who();
    let (links, short) = (backend.shares().await?, backend.short_links().await?);
    let rows: Vec<_> = links.iter().map(|link| row(view, link, link.user == who.name)).collect();
    let none = rows.is_empty().then(|| {
        view! { <li class="rows-none">"None yet. Dashboards, panels and searches are shared from the menu beside their title."</li> }
    });
    let page = view! {
        <div class="page-head"><div>
            <h1>"Share links"</h1>
            <p>"What is shown to who does not sign in, by whom, and until when."</p>
        </div></div>
        {refused(answer.refused.as_ref())}
        <section class="card" aria-label="Links"><ul class="rows">{rows}{none}</ul></section>
        {short_list(view, &short, &who.name)}
    };
    Ok(Served { title: "Share links".to_owned(), html: html(page), ..Served::default() })
}

pub async fn revoke(backend: &dyn Backend, form: &Form) -> Result<Done, Error> {
    match form.get("do") {
        "revoke" => {
            let id = form.get("id").parse().map_err(|_| Error::invalid("id", "This names no link."))?;
            backend.share_revoke(id).await?;
        }
        "delete" => backend.short_link_delete(form.get("code")).await?,
        _ => return Err(super::unknown()),
    }
    Ok(Done::Go(LIST.to_owned()))
}

/// Nothing where there are none.
fn short_list(view: &View, links: &[ShortLink], reader: &str) -> Option<AnyView> {
    let rows: Vec<_> = links.iter().map(|link| short_row(view, link, reader)).collect();
    (!rows.is_empty()).then(|| {
        view! {
            <section class="card" aria-labelledby="short-addresses">
                <h2 id="short-addresses">"Short addresses"</h2>
                <ul class="rows">{rows}</ul>
            </section>
        }
        .into_any()
    })
}

fn short_row(view: &View, link: &ShortLink, reader: &str) -> AnyView {
    let by = match link.user.as_deref() {
        Some(user) if user == reader => "by you".to_owned(),
        Some(user) => format!("by {user}"),
        None => "by a user who is gone".to_owned(),
    };
    let used = link.last_used.map_or("never used".to_owned(), |used| format!("last used {}", minute(used)));
    let (path, to) = (format!("/go/{}", link.code), link.address.clone());
    let delete = button(&view.href(LIST), &[("do", "delete"), ("code", &link.code)], "Delete", &path);
    view! {
        <li data-short=link.code.clone()>
            <div class="rows-main">
                <a class="rows-title" href=to.clone()>{path.clone()}</a>
                <p class="shared-address">{to}</p>
                <p>{format!("{by} · from {} · {used}", minute(link.created))}</p>
            </div>
            <div class="rows-actions">{delete}</div>
        </li>
    }
    .into_any()
}

fn row(view: &View, link: &SharedLink, own: bool) -> AnyView {
    let over = match link.revoked {
        Some(revoked) => Some(format!("Revoked {}", minute(revoked))),
        None => link.over.then(|| "Over".to_owned()),
    };
    let mut detail = vec![if own { "by you".to_owned() } else { format!("by {}", link.user) }];
    detail.push(format!("from {} until {}", minute(link.created), minute(link.expires)));
    detail.push(match (link.views, link.last_viewed) {
        (0, _) | (_, None) => "never opened".to_owned(),
        (views, Some(last)) => {
            let times = if views == 1 { "once".to_owned() } else { format!("{views} times") };
            format!("opened {times}, last {} from {}", minute(last), link.last_address.clone().unwrap_or_default())
        }
    });
    let mut tags = vec![if link.snapshot { "Snapshot" } else { "Live" }];
    tags.extend(link.password.then_some("Password"));
    tags.extend((!link.origins.is_empty()).then_some("Frame"));
    let tags: Vec<_> = tags.into_iter().map(|tag| view! { <span class="tag">{tag}</span> " " }).collect();
    let holds = over.is_none();
    let over = over.map(|over| view! { <span class="tag bad">{over}</span> });
    let revoke = holds
        .then(|| button(&view.href(LIST), &[("do", "revoke"), ("id", &link.id.to_string())], "Revoke", &link.title));
    let origins =
        (!link.origins.is_empty()).then(|| view! { <p>{format!("In frames of {}", link.origins.join(", "))}</p> });
    view! {
        <li data-share=link.id.to_string()>
            <div class="rows-main">
                <a class="rows-title" href=link.address.clone()>{link.title.clone()}</a>
                {tags}{over}
                <p>{detail.join(" · ")}</p>
                {origins}
            </div>
            <div class="rows-actions">{revoke}</div>
        </li>
    }
    .into_any()
}
