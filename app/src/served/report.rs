//! `/reports`: dashboards that are sent by themselves.

use leptos::prelude::*;
use model::{
    error::Error,
    filter,
    report::{Every, Schedule, WEEKDAYS},
    time::Range,
    view::View,
};

use super::{
    Answer, Done, Form,
    account::minute,
    act::Outcome,
    html::{button, html, refused},
};
use crate::{
    api::{Backend, Info, Means, NewReport, NewWebhook, Outcome as Ended, Report, Run, Served, Who, channel_shown},
    ui::time_picker::QUICK,
};

pub const PATH: &str = "/reports";

/// `query`: with `edit`, the report that is changed; with `of`, the dashboard that a new one is about.
pub async fn page(backend: &dyn Backend, view: &View, query: &str, answer: &Answer) -> Result<Served, Error> {
    let (who, reports) = (backend.who(), backend.reports().await?);
    let asked = Form::parse(query.as_bytes());
    let edited = asked.get("edit").parse().ok().and_then(|id: i64| reports.iter().find(|report| report.id == id));
    let form = match who.edits() {
        true => {
            let dashboards = backend.dashboards().await?;
            let filled = answer.form.clone().unwrap_or_else(|| match edited {
                Some(report) => filled(report),
                None => fresh(asked.get("of")),
            });
            Some(form(view, &backend.report_means(), &dashboards, edited, &filled))
        }
        false => None,
    };
    let rows: Vec<_> = reports.iter().map(|report| row(view, &who, report)).collect();
    let none = rows.is_empty().then(|| {
        view! { <li class="rows-none">"None yet. A report sends a dashboard by e-mail or to Slack: its figures, its picture and a link."</li> }
    });
    let said = answer.said.clone().map(|said| {
        view! { <div class="notice" role="status" data-role="said-here"><p>{said}</p></div> }
    });
    let page = view! {
        <div class="page-head"><div>
            <h1>"Reports"</h1>
            <p>"Dashboards that are sent by themselves. A report sees what whoever made it may see when it is sent."</p>
        </div></div>
        {refused(answer.refused.as_ref())}
        {said}
        <section class="card" aria-label="Reports"><ul class="rows">{rows}{none}</ul></section>
        {form}
    };
    Ok(Served { title: "Reports".to_owned(), html: html(page), ..Served::default() })
}

/// What was typed comes back where it was refused, but for a webhook's address.
pub async fn act(backend: &dyn Backend, form: &Form) -> Outcome {
    let show = |answer| Outcome::Show(Box::new(answer));
    match done(backend, form).await {
        Ok(Done::Go(to)) => Outcome::Go(to),
        Ok(Done::Say(said)) => show(Answer { said: Some(said), ..Answer::default() }),
        Ok(Done::Secret(_) | Done::Codes(_)) => Outcome::Go(PATH.to_owned()),
        Err(error) => {
            let form = (form.get("do") == "save").then(|| form.without("webhook"));
            show(Answer { refused: Some(error), form, ..Answer::default() })
        }
    }
}

async fn done(backend: &dyn Backend, form: &Form) -> Result<Done, Error> {
    let id = || form.get("id").parse().map_err(|_| Error::invalid("id", "This names no report."));
    match form.get("do") {
        "save" => {
            let changed = if form.get("id").is_empty() { None } else { Some(id()?) };
            backend.report_save(changed, &typed(form)?).await?;
        }
        "delete" => backend.report_delete(id()?).await?,
        "pause" => backend.report_pause(id()?, true).await?,
        "resume" => backend.report_pause(id()?, false).await?,
        "send" => {
            let to = Some(form.get("to")).filter(|to| !to.is_empty());
            let said = backend.report_send(id()?, to).await?;
            let whom = to.map_or("Sent to all. ".to_owned(), |to| format!("Sent to {to}. "));
            return Ok(Done::Say(format!("{whom}{said}")));
        }
        _ => return Err(super::unknown()),
    }
    Ok(Done::Go(PATH.to_owned()))
}

fn typed(form: &Form) -> Result<NewReport, Error> {
    let range = Range::parse(form.get("range"))?;
    let view = View { range: Some(range), filter: form.get("q").to_owned(), ..View::default() };
    let days: Vec<_> = form.all("days").collect();
    let schedule = Schedule::parse(form.get("every"), form.get("time"), &days, form.get("day"), form.get("zone"))?;
    let webhook = match (form.get("webhook"), form.get("webhook-kept")) {
        ("", "1") => NewWebhook::Kept,
        ("", _) => NewWebhook::None,
        (address, _) => NewWebhook::To(address.to_owned()),
    };
    let parts = |c: char| c.is_whitespace() || c == ',' || c == ';';
    Ok(NewReport {
        title: form.get("title").to_owned(),
        address: view.href(&format!("/d/{}", form.get("dashboard"))),
        schedule,
        recipients: form.get("recipients").split(parts).filter(|one| !one.is_empty()).map(str::to_owned).collect(),
        webhook,
        channel: Some(form.get("channel").to_owned()).filter(|channel| !channel.is_empty()),
        only_with_events: !form.get("only").is_empty(),
    })
}

/// The form of a report as it is.
fn filled(report: &Report) -> Form {
    let mut form = about(&report.address);
    let Schedule { every, zone, .. } = &report.schedule;
    let mut add = |name: &str, value: String| form.0.push((name.to_owned(), value));
    add("id", report.id.to_string());
    add("title", report.title.clone());
    add("time", report.schedule.time());
    add("zone", zone.clone());
    add("recipients", report.recipients.join("\n"));
    add("only", if report.only_with_events { "1".to_owned() } else { String::new() });
    add("channel", report.channel.clone().unwrap_or_default());
    add("webhook-kept", if report.webhook.is_some() { "1".to_owned() } else { String::new() });
    match every {
        Every::Hour => add("every", "hour".to_owned()),
        Every::Day => add("every", "day".to_owned()),
        Every::Week(days) => {
            add("every", "week".to_owned());
            days.iter().for_each(|day| add("days", day.to_string()));
        }
        Every::Month(day) => {
            add("every", "month".to_owned());
            add("day", day.to_string());
        }
    }
    form
}

/// The form of a new one, about the dashboard at `of`.
fn fresh(of: &str) -> Form {
    let mut form = about(of);
    let Schedule { zone, .. } = Schedule::default();
    for (name, value) in [("every", "week"), ("time", "08:00"), ("zone", &zone)] {
        form.0.push((name.to_owned(), value.to_owned()));
    }
    for day in ["1", "2", "3", "4", "5"] {
        form.0.push(("days".to_owned(), day.to_owned()));
    }
    form
}

/// Dashboard, range and filter of an address.
fn about(address: &str) -> Form {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let (view, _) = View::from_query(query);
    let filter = view.condition().map(|condition| filter::print(&condition)).unwrap_or_default();
    let range = view.range.unwrap_or(Range::DEFAULT).to_string();
    let dashboard = path.strip_prefix("/d/").unwrap_or_default();
    let fields = [("dashboard", dashboard), ("range", &range), ("q", &filter)];
    Form(fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
}

fn row(view: &View, who: &Who, report: &Report) -> AnyView {
    let id = report.id.to_string();
    let post = |what: &'static str, label: &'static str| {
        button(&view.href(PATH), &[("do", what), ("id", &id)], label, &report.title)
    };
    let channel = report.channel.as_deref().map(channel_shown);
    let to: Vec<_> = report.recipients.iter().chain(&report.webhook).chain(&channel).cloned().collect();
    let maker = match &report.user {
        Some(name) if *name == who.name => "by you".to_owned(),
        Some(name) => format!("by {name}"),
        None => "by nobody who is left".to_owned(),
    };
    let mut detail = vec![report.schedule.to_string(), maker];
    detail.extend(report.only_with_events.then(|| "only if there are events".to_owned()));
    detail.extend(report.next.map(|next| format!("next {}", minute(next))));
    let paused = report.paused.clone().map(|why| view! { <p data-role="paused">{why}</p> });
    let edits = who.edits();
    let change = edits.then(|| {
        let href = view.href(&format!("{PATH}?edit={id}"));
        let name = format!("Change {}", report.title);
        view! { <a class="control" href=format!("{href}#report") aria-label=name>"Change"</a> }
    });
    view! {
        <li data-report=id.clone()>
            <div class="rows-main">
                <a class="rows-title" href=report.address.clone()>{report.title.clone()}</a>
                {report.paused.is_some().then(|| view! { <span class="tag">"Paused"</span> })}
                {report.last.as_ref().map(tag)}
                <p>{detail.join(" · ")}</p>
                <p>{format!("To {}", to.join(", "))}</p>
                {paused}
                {report.last.as_ref().map(last)}
            </div>
            <div class="rows-actions">
                {edits.then(|| send(view, report))}
                {change}
                {if report.paused.is_some() { edits.then(|| post("resume", "Resume")) } else { Some(post("pause", "Pause")) }}
                {post("delete", "Delete")}
            </div>
        </li>
    }
    .into_any()
}

fn tag(run: &Run) -> AnyView {
    let (label, class) = match run.outcome {
        Ended::Trying => ("Trying", "tag"),
        Ended::Sent => ("Sent", "tag own"),
        Ended::Nothing => ("Nothing to send", "tag"),
        Ended::Failed => ("Failed", "tag bad"),
        Ended::Missed => ("Missed", "tag bad"),
    };
    view! { <span class=class data-role="outcome">{label}</span> }.into_any()
}

fn last(run: &Run) -> AnyView {
    let Run { at, said, .. } = run;
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    view! { <p class="rows-when" data-role="last">{format!("Last {}{said}", minute(*at))}</p> }.into_any()
}

fn send(view: &View, report: &Report) -> AnyView {
    let name = format!("Send {} now", report.title);
    let id = report.id.to_string();
    view! {
        <details class="popover">
            <summary class="control" aria-label=name>"Send now"</summary>
            <form class="popover-body form" method="post" action=view.href(PATH)>
                <input type="hidden" name="do" value="send"/>
                <input type="hidden" name="id" value=id/>
                <label>"To this address alone" <input name="to" type="email" maxlength="254" autocomplete="email"/>
                    <span class="hint">"Empty: to all who get the report."</span></label>
                <button type="submit" class="control primary">"Send"</button>
            </form>
        </details>
    }
    .into_any()
}

fn form(view: &View, means: &Means, dashboards: &[Info], edited: Option<&Report>, filled: &Form) -> AnyView {
    let id = filled.get("id").to_owned();
    let (title, submit) = match edited {
        Some(report) => (format!("Change “{}”", report.title), "Save"),
        None => ("New report".to_owned(), "Create report"),
    };
    let cancel = edited.map(|_| view! { <a class="control" href=view.href(PATH)>"Cancel"</a> });
    let address = match edited {
        Some(report) => view.href(&format!("{PATH}?edit={}", report.id)),
        None => view.href(PATH),
    };
    let value = |name: &str| filled.get(name).to_owned();
    view! {
        <form class="card form" id="report" method="post" action=address aria-labelledby="report-title">
            <h2 id="report-title">{title}</h2>
            <input type="hidden" name="do" value="save"/>
            <input type="hidden" name="id" value=id/>
            <label>"Name" <input name="title" required maxlength="120" autocomplete="off" value=value("title")/></label>
            <div class="form-row">
                <label>"Dashboard" {chosen_dashboard(dashboards, filled.get("dashboard"))}</label>
                <label>"Range" {range(filled.get("range"))}</label>
            </div>
            <label>"Filter, if any" <input name="q" autocomplete="off" spellcheck="false" placeholder="outcome:failure" value=value("q")/></label>
            {schedule(means, filled)}
            {recipients(means, edited, filled)}
            <label class="check"><input type="checkbox" name="only" value="1" checked=!filled.get("only").is_empty()/> "Only if there are events"</label>
            <div class="form-actions"><button type="submit" class="control primary">{submit}</button>{cancel}</div>
        </form>
    }
    .into_any()
}

fn chosen_dashboard(dashboards: &[Info], chosen: &str) -> AnyView {
    let option = |info: &Info| {
        view! { <option value=info.id.clone() selected=info.id == chosen>{info.title.clone()}</option> }
    };
    let options: Vec<_> = dashboards.iter().map(option).collect();
    view! { <select name="dashboard" required>{options}</select> }.into_any()
}

/// The ranges of the time picker, and the one that the report has.
fn range(chosen: &str) -> AnyView {
    let own = QUICK.iter().all(|(text, _)| *text != chosen).then(|| Range::parse(chosen).ok()).flatten();
    let own = own.map(|range| view! { <option value=chosen.to_owned() selected=true>{range.label()}</option> });
    let option = |(text, label): &(&'static str, &'static str)| {
        view! { <option value=*text selected=*text == chosen>{*label}</option> }
    };
    let options: Vec<_> = QUICK.iter().map(option).collect();
    view! { <select name="range">{own}{options}</select> }.into_any()
}

fn schedule(means: &Means, filled: &Form) -> AnyView {
    let every =
        [("hour", "Every hour"), ("day", "Every day"), ("week", "On days of the week"), ("month", "Every month")];
    let every: Vec<_> = every
        .iter()
        .map(|(name, label)| view! { <option value=*name selected=*name == filled.get("every")>{*label}</option> })
        .collect();
    let day = |(at, name): (usize, &&'static str)| {
        let number = (at + 1).to_string();
        let checked = filled.all("days").any(|day| day == number);
        view! { <label class="check"><input type="checkbox" name="days" value=number checked=checked/> {*name}</label> }
    };
    let days: Vec<_> = WEEKDAYS.iter().enumerate().map(day).collect();
    let zones: Vec<_> = means.zones.iter().map(|zone| view! { <option value=zone.clone()></option> }).collect();
    let value = |name: &str| filled.get(name).to_owned();
    let of_month = Some(value("day")).filter(|day| !day.is_empty()).unwrap_or_else(|| "1".to_owned());
    view! {
        <div class="form-row report-when">
            <label>"Sent" <select name="every">{every}</select></label>
            <label class="report-time">"At" <input name="time" type="time" required value=value("time")/></label>
            <label class="report-zone">"Time zone" <input name="zone" list="zones" required autocomplete="off" spellcheck="false" value=value("zone")/></label>
            <label class="report-day">"Day of the month" <input name="day" type="number" min="1" max="31" value=of_month/></label>
        </div>
        <datalist id="zones">{zones}</datalist>
        <fieldset class="report-days"><legend>"Days of the week"</legend>{days}</fieldset>
    }
    .into_any()
}

fn recipients(means: &Means, edited: Option<&Report>, filled: &Form) -> AnyView {
    let mail = match &means.mail_from {
        Some(from) => format!("E-mail addresses, with blanks or commas between them. Mail comes from {from}."),
        None => "No mail server is set: whoever runs Trailmap names one in [smtp] of its configuration.".to_owned(),
    };
    let shown = edited.and_then(|report| report.webhook.clone());
    let kept = shown.clone().map(|shown| {
        let checked = !filled.get("webhook-kept").is_empty();
        view! {
            <label class="check"><input type="checkbox" name="webhook-kept" value="1" checked=checked/> {format!("Keep {shown}")}</label>
        }
    });
    let placeholder = shown.unwrap_or_else(|| "https://hooks.slack.com/services/…".to_owned());
    let (channel, kept_as) = match &means.channels {
        // One that it has stays in sight, so that saving does not drop it unseen.
        None if filled.get("channel").is_empty() => (
            None,
            "Its address is kept encrypted and is not shown again. Pictures go to a channel, once whoever runs Trailmap names an app in [slack].",
        ),
        channels => (
            Some(channel(channels.as_deref().unwrap_or_default(), filled.get("channel"))),
            "Its address is kept encrypted and is not shown again.",
        ),
    };
    view! {
        <label>"E-mail to" {super::html::text_area("recipients", 2, filled.get("recipients"))}
            <span class="hint">{mail}</span></label>
        {channel}
        <label>"Slack webhook" <input name="webhook" type="url" maxlength="2000" autocomplete="off" spellcheck="false" placeholder=placeholder/>
            <span class="hint">{kept_as}</span></label>
        {kept}
    }
    .into_any()
}

/// `open`: the channels that reports go to, where not all are open to them.
fn channel(open: &[String], chosen: &str) -> AnyView {
    let options: Vec<_> = open.iter().map(|id| view! { <option value=id.clone()></option> }).collect();
    view! {
        <label>"Slack channel" <input name="channel" list="channels" maxlength="100" autocomplete="off" spellcheck="false" placeholder="C0123ABCD" value=chosen.to_owned()/>
            <span class="hint">"The id at the end of the channel's About tab. The picture comes along. Invite the app into the channel first."</span></label>
        <datalist id="channels">{options}</datalist>
    }
    .into_any()
}
