//! One event, whole.

use app::api::{Event, Integrity};
use model::{error::Error, field::Field, filter::Ast, series::Cell};
use sqlx::{PgPool, Row, postgres::PgRow};

use super::{
    filter::{column, push_id},
    reach::Reach,
    read,
    session::{Joins, Session, Trouble},
    sql,
};
use crate::store::integrity::{Mark, mark};

/// Every field of the event that has a value, the event as it was delivered, and where it came from.
pub async fn find(reach: &Reach, event_id: &str) -> Result<Event, Error> {
    // No id holds a NUL, and Postgres' text refuses it.
    if event_id.contains('\0') {
        return Err(unknown());
    }
    let mut select = sqlx::QueryBuilder::new("select ");
    for field in stored() {
        select.push(sql::shown(column(field), field)).push(", ");
    }
    select.push("raw, object_id from event where ");
    push_id(event_id, &mut select);
    reach.visible(Ast::All).push_scope(&mut select);
    select.push(" order by event_time desc limit 1");
    let event = async {
        let mut session = Session::begin(reach).await?;
        let rows = session.fetch_joined(&mut select, Joins::ByIndex).await?;
        session.end().await?;
        match rows.first() {
            Some(row) => Ok(Some(event(row, reach.beside_events()).await?)),
            None => Ok(None),
        }
    };
    event.await.map_err(|trouble: Trouble| trouble.tell("event", event_id))?.ok_or_else(unknown)
}

async fn event(row: &PgRow, pool: &PgPool) -> Result<Event, sqlx::Error> {
    let mut fields = Vec::new();
    for (at, field) in stored().enumerate() {
        let cell = read::cell(row, at, field.kind())?;
        if cell != Cell::Null {
            fields.push((field, cell));
        }
    }
    let raw_at = stored().count();
    let mark = mark(pool, row.try_get(raw_at + 1)?).await?;
    Ok(Event { fields, raw: row.try_get(raw_at)?, object: mark.uri.clone(), integrity: integrity(mark) })
}

fn integrity(mark: Mark) -> Integrity {
    let reason = mark.reason.unwrap_or_default();
    match (mark.integrity.as_str(), mark.digest) {
        ("verified", Some(digest)) => Integrity::Verified { digest },
        ("unchecked", _) => Integrity::Unchecked { reason },
        ("failed", _) => Integrity::Failed { reason },
        _ => Integrity::NotCovered,
    }
}

/// What an event says; the rest follows from its time.
fn stored() -> impl Iterator<Item = Field> {
    Field::ALL.iter().copied().filter(|field| !field.is_virtual())
}

fn unknown() -> Error {
    Error::not_found("There is no such event.")
}
