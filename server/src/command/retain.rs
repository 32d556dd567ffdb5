//! `trailmap retain`: deletes what is expired, or says what would go.

use std::process::ExitCode;

use serde_json::{Value, json};
use time::{Date, OffsetDateTime};

use super::database::Database;
use crate::{
    clock::Clock,
    config::{Global, OutputFormat, Retain, file},
    store::{
        instant,
        retention::{
            self, Report, Way,
            plan::{Plan, Share},
        },
    },
};

/// Exit status when something expired is left.
const SOME_LEFT: u8 = 3;

pub async fn run(global: &Global, settings: &Retain) -> anyhow::Result<ExitCode> {
    let retention = file::read(&settings.config)?.retention;
    anyhow::ensure!(
        !retention.rules.is_empty(),
        "{} has no [retention]: everything is kept",
        settings.config.display()
    );
    let today = instant(Clock::System.now()).date();
    let database = Database::open(global, 2).await?;
    if settings.dry_run {
        let plan = database.with(async |pool| Ok(retention::plan(pool, &retention, today).await?)).await?;
        super::print(&match settings.format {
            OutputFormat::Text => text(&plan, "would be ") + "Nothing was changed.\n",
            OutputFormat::Json => format!("{:#}\n", planned(&plan)),
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let report = database.with(async |pool| retention::run(pool, &retention, today).await).await?;
    super::print(&match settings.format {
        OutputFormat::Text => text(&report.plan, "") + &done(&report),
        OutputFormat::Json => format!("{:#}\n", reported(&report)),
    })?;
    Ok(if report.left.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(SOME_LEFT) })
}

/// A table of what is expired, and what stands beside it.
fn text(plan: &Plan, mood: &str) -> String {
    let mut out = format!("Today is {} (UTC).\n", plan.today);
    for rule in &plan.unknown {
        out.push_str(&super::printable(&format!("Note: nothing that is stored fits this rule: {rule}")));
        out.push('\n');
    }
    if plan.shares.is_empty() {
        out.push_str("No event is expired.\n");
    } else {
        let head = ["Month", "Account", "Source", "Events", "About", "First day", "Last day", "Rule", "How"];
        let rows = plan.shares.iter().map(|share| row(share, mood));
        out.push_str(&table(&std::iter::once(head.map(str::to_owned)).chain(rows).collect::<Vec<_>>()));
        let events: u64 = plan.shares.iter().map(|share| share.events).sum();
        let bytes = plan.shares.iter().map(|share| share.bytes).sum();
        out.push_str(&format!("{} in all, about {}. ", counted(events), megabytes(bytes)));
        out.push_str("What no other event shares with them goes, too.\n");
    }
    for (count, what) in [
        (plan.rejected, "records that were kept aside since they are no events"),
        (plan.poison_messages, "messages of queues that were kept aside"),
        (plan.digests, "digests, with the log files that they name"),
    ] {
        if count > 0 {
            out.push_str(&format!("Expired, too: {count} {what}\n"));
        }
    }
    out
}

fn row(share: &Share, mood: &str) -> [String; 9] {
    let day = |at: OffsetDateTime| at.date().to_string();
    [
        month(share.month.start()),
        super::printable(share.account.as_deref().unwrap_or("(none)")),
        super::printable(share.source.as_deref().unwrap_or("(by hand)")),
        share.events.to_string(),
        megabytes(share.bytes),
        day(share.first),
        day(share.last),
        share.rule.to_string(),
        format!("{mood}{}", share.way),
    ]
}

/// Numbers (the fourth and fifth column) end at the same place.
fn table(rows: &[[String; 9]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<_> = (0..9).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(at, (cell, width))| match at {
            3 | 4 => format!("{cell:>width$}"),
            _ => format!("{cell:<width$}"),
        });
        out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out
}

fn done(report: &Report) -> String {
    let mut out = String::new();
    for gone in &report.months {
        out.push_str(&format!(
            "{}: {} {}: {} before, {} after\n",
            month(gone.month.start()),
            counted(gone.events),
            gone.way,
            megabytes(gone.bytes_before),
            megabytes(gone.bytes_after),
        ));
    }
    for (month, reason) in &report.left {
        out.push_str(&format!("{}: LEFT for the next run: {reason}\n", self::month(month.start())));
    }
    for (count, what) in [
        (report.shared_rows, "rows of names, sessions, addresses and the like"),
        (report.credentials, "keys of sessions"),
        (report.rejected, "records that were kept aside"),
        (report.poison_messages, "messages that were kept aside"),
        (report.digests, "digests, with the log files that they name"),
    ] {
        if count > 0 {
            out.push_str(&format!("Gone, too: {count} {what}\n"));
        }
    }
    let (before, after) = (megabytes(report.bytes_before), megabytes(report.bytes_after));
    out.push_str(&format!("The database: {before} before, {after} after\n"));
    out
}

fn counted(events: u64) -> String {
    format!("{events} {}", if events == 1 { "event" } else { "events" })
}

fn megabytes(bytes: i64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// As 2026-11.
fn month(start: OffsetDateTime) -> String {
    let text = start.date().to_string();
    text.rsplit_once('-').map_or(text.clone(), |(month, _)| month.to_owned())
}

fn word(way: Way) -> &'static str {
    match way {
        Way::Drop => "drop",
        Way::Delete => "delete",
    }
}

fn planned(plan: &Plan) -> Value {
    let day = |at: OffsetDateTime| -> Date { at.date() };
    let shares = plan.shares.iter().map(|share| {
        json!({
            "month": month(share.month.start()),
            "account": share.account,
            "source": share.source,
            "events": share.events,
            "bytes_estimated": share.bytes,
            "first_day": day(share.first).to_string(),
            "last_day": day(share.last).to_string(),
            "rule": share.rule.to_string(),
            "way": word(share.way),
        })
    });
    json!({
        "today": plan.today.to_string(),
        "expired": shares.collect::<Vec<_>>(),
        "rejected": plan.rejected,
        "poison_messages": plan.poison_messages,
        "digests": plan.digests,
        "rules_that_fit_nothing": plan.unknown.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn reported(report: &Report) -> Value {
    let months = report.months.iter().map(|gone| {
        json!({
            "month": month(gone.month.start()),
            "way": word(gone.way),
            "events": gone.events,
            "bytes_before": gone.bytes_before,
            "bytes_after": gone.bytes_after,
        })
    });
    let left = report.left.iter().map(|(month, why)| json!({"month": self::month(month.start()), "reason": why}));
    json!({
        "plan": planned(&report.plan),
        "months": months.collect::<Vec<_>>(),
        "left": left.collect::<Vec<_>>(),
        "shared_rows": report.shared_rows,
        "credentials": report.credentials,
        "rejected": report.rejected,
        "poison_messages": report.poison_messages,
        "digests": report.digests,
        "bytes_before": report.bytes_before,
        "bytes_after": report.bytes_after,
    })
}
