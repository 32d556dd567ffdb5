//! Log file integrity: how far each trail is verified, and what is wrong.

use leptos::prelude::*;
use model::chart::format;

use super::when;
use crate::api::{Checked, Ingest, IntegrityProblem, IntegritySource, IntegrityTrail};

/// Trails that are shown; all are in the data.
const MOST_TRAILS: usize = 50;

/// None where nothing was ever verified.
pub fn card(ingest: &Ingest) -> Option<AnyView> {
    let integrity = &ingest.integrity;
    if integrity.sources.is_empty() && integrity.trails.is_empty() && integrity.problems.total == 0 {
        return None;
    }
    let sources: Vec<_> = integrity.sources.iter().map(|source| told(source, ingest)).collect();
    let none = integrity.trails.is_empty().then(|| {
        view! { <p class="hint">"There are no digests of the last 90 days: is log file validation switched on?"</p> }
    });
    let (state, class) = state(ingest);
    let card = view! {
        <section class="card" aria-labelledby="integrity" data-role="integrity">
            <div class="source-head">
                <h2 id="integrity">"Log file integrity"</h2>
                <span class=format!("state {class}")>{state}</span>
            </div>
            <p class="hint">"Log files held against the digests that CloudTrail signs every hour."</p>
            {sources}
            {none}
            {problems(ingest)}
            {trails(ingest)}
        </section>
    };
    Some(card.into_any())
}

/// All of it in a word.
fn state(ingest: &Ingest) -> (&'static str, &'static str) {
    let integrity = &ingest.integrity;
    let unchecked = |trail: &IntegrityTrail| trail.digests.unchecked + trail.log_files.unchecked > 0;
    match () {
        () if integrity.failed > 0 => ("FAILED", "bad"),
        () if integrity.trails.iter().any(unchecked) => ("Not all checked", "off"),
        () if integrity.trails.is_empty() => ("Nothing to verify", "off"),
        () => ("Verified", "good"),
    }
}

/// What stands against a source's verification, or is still to be done.
fn told(source: &IntegritySource, ingest: &Ingest) -> Option<AnyView> {
    let IntegritySource { source, last_error, last_error_at, last_success_at, days_left } = source;
    let holds = last_error_at.is_some() && last_error_at > last_success_at;
    let error = last_error.clone().zip(*last_error_at).filter(|_| holds).map(|(reason, at)| {
        view! {
            <p class="hint bad"><span class="tag">{source.clone()}</span>" "<bdi>{reason}</bdi>" · "{when(at, ingest.at)}</p>
        }
    });
    let days = match days_left {
        0 => None,
        1 => Some("1 old day of an account and region is".to_owned()),
        days => Some(format!("{} old days of accounts and regions are", format::count(*days))),
    };
    let days = days.map(|days| {
        view! { <p class="hint"><span class="tag">{source.clone()}</span>{format!(" {days} still to be verified.")}</p> }
    });
    (error.is_some() || days.is_some()).then(|| view! { {error}{days} }.into_any())
}

fn problems(ingest: &Ingest) -> Option<AnyView> {
    let problems = &ingest.integrity.problems;
    if problems.total == 0 {
        return None;
    }
    let row = |problem: &IntegrityProblem| {
        let IntegrityProblem { severity, finding, uri, reason, at, account, region, trail } = problem;
        let (word, class) = match severity.as_str() {
            "failed" => ("FAILED", "level level-critical"),
            "gap" => ("Gap", "level level-medium"),
            _ => ("Not checked", "level level-medium"),
        };
        let place: Vec<_> = [account, region, trail].into_iter().flatten().cloned().collect();
        let place = (!place.is_empty()).then(|| view! { <span class="tag"><bdi>{place.join(" · ")}</bdi></span> });
        view! {
            <li data-finding=finding.clone()>
                <div class="rows-main">
                    <span class=class>{word}</span><code class="rows-title"><bdi>{uri.clone()}</bdi></code>{place}
                    <p><bdi>{reason.clone()}</bdi>" · "{when(*at, ingest.at)}</p>
                </div>
            </li>
        }
        .into_any()
    };
    let rows: Vec<_> = problems.first.iter().map(row).collect();
    let (shown, total) = (problems.first.len(), problems.total);
    let more = (shown < total as usize).then(|| {
        let told = format!(
            "The newest {shown} of {} are shown; all are in the tables digest and log_file.",
            format::count(total)
        );
        view! { <p class="hint">{told}</p> }
    });
    Some(view! { <ul class="rows">{rows}</ul> {more} }.into_any())
}

fn trails(ingest: &Ingest) -> Option<AnyView> {
    let trails = &ingest.integrity.trails;
    if trails.is_empty() {
        return None;
    }
    let row = |trail: &IntegrityTrail| {
        let verified = match trail.verified_to {
            Some(to) => when(to, ingest.at),
            None => view! { "—" }.into_any(),
        };
        let source = trail.source.clone().unwrap_or_else(|| "trailmap verify".to_owned());
        view! {
            <tr>
                <td><bdi>{trail.account.clone()}</bdi></td>
                <td><bdi>{trail.region.clone()}</bdi></td>
                <td><bdi>{trail.trail.clone()}</bdi></td>
                <td><bdi>{source}</bdi></td>
                <td>{verified}</td>
                <td class="number">{checked(&trail.digests)}</td>
                <td class="number">{checked(&trail.log_files)}</td>
            </tr>
        }
        .into_any()
    };
    let rows: Vec<_> = trails.iter().take(MOST_TRAILS).map(row).collect();
    let more = (trails.len() > MOST_TRAILS).then(|| {
        view! { <p class="hint">{format!("The first {MOST_TRAILS} of {} are shown; all are in the data.", trails.len())}</p> }
    });
    let table = view! {
        <div class="scroll"><table class="plain">
            <thead><tr>
                <th scope="col">"Account"</th><th scope="col">"Region"</th><th scope="col">"Trail"</th>
                <th scope="col">"Source"</th><th scope="col">"Verified up to"</th>
                <th scope="col" class="number">"Digests"</th><th scope="col" class="number">"Log files"</th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table></div>
        {more}
    };
    Some(table.into_any())
}

/// `1,234`, and what is wrong with some of them.
fn checked(checked: &Checked) -> AnyView {
    let Checked { total, failed, unchecked } = *checked;
    let failed = (failed > 0).then(|| {
        view! { " "<span class="state bad">{format!("{} failed", format::count(failed))}</span> }
    });
    let unchecked = (unchecked > 0).then(|| {
        view! { " "<span class="state">{format!("{} not checked", format::count(unchecked))}</span> }
    });
    view! { {format::count(total)}{failed}{unchecked} }.into_any()
}
