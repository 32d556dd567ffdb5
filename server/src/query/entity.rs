//! One actor, address, resource, access key or account, over everything that is stored.

use app::api::{Entities, Profile, Step};
use async_trait::async_trait;
use model::{
    chart::visible,
    entity::{Entity, Kind},
    error::Error,
    field::Field,
    filter::Ast,
    series::Cell,
};
use sqlx::{FromRow, QueryBuilder, Row, postgres::PgRow};
use time::OffsetDateTime;

use super::{
    Query,
    filter::{column, condition},
    reach::Visible,
    read,
    session::{Session, Trouble},
    sql,
};

/// Keys of a chain that are followed.
const LONGEST_CHAIN: i32 = 16;

#[async_trait]
impl Entities for Query {
    async fn entity(&self, entity: &Entity) -> Result<Profile, Error> {
        // Postgres' text holds no NUL.
        let known = match entity.value.contains('\0') {
            true => None,
            false => profile(self, entity).await.map_err(|trouble| trouble.tell(entity.kind.key(), &entity.value))?,
        };
        known.ok_or_else(|| {
            let (label, value) = (entity.kind.label(), visible(&entity.value));
            Error::not_found(format!("{label} “{value}” is in no event that is stored."))
        })
    }
}

async fn profile(query: &Query, entity: &Entity) -> Result<Option<Profile>, Trouble> {
    let _permit = query.panels.take().await?;
    let mut session = Session::begin(&query.reach).await?;
    let visible = query.visible(entity.filter());
    let Some((first, last)) = seen(&mut session, &visible).await? else { return Ok(None) };
    let facts = facts(&mut session, entity, &visible).await?;
    let chain = match entity.kind {
        Kind::AccessKey => chain(&mut session, &entity.value, &visible).await?,
        _ => Vec::new(),
    };
    session.end().await?;
    let (first_seen, last_seen) = (read::timestamp(first), read::timestamp(last));
    Ok(Some(Profile { entity: entity.clone(), first_seen, last_seen, facts, chain }))
}

/// When it was seen first and last.
async fn seen(session: &mut Session, visible: &Visible) -> Result<Option<(OffsetDateTime, OffsetDateTime)>, Trouble> {
    let mut statement = QueryBuilder::new("select min(event_time), max(event_time) from event where ");
    condition(visible.all(), &mut statement);
    let row: (Option<OffsetDateTime>, Option<OffsetDateTime>) =
        statement.build_query_as().fetch_one(session.connection()).await?;
    Ok(row.0.zip(row.1))
}

/// What the newest event of the thing's own tells about it.
async fn facts(session: &mut Session, entity: &Entity, visible: &Visible) -> Result<Vec<(Field, Cell)>, Trouble> {
    let fields: &[Field] = match entity.kind {
        Kind::Actor => &[Field::IdentityType, Field::ActorArn, Field::IdentityAccount],
        Kind::SourceIp => &[Field::Country, Field::City, Field::AsOrganisation, Field::AsNumber],
        Kind::Resource => &[Field::EventSource, Field::AwsRegion, Field::Account],
        Kind::AccessKey => &[Field::Origin, Field::Actor, Field::Session, Field::IdentityType, Field::Account],
        Kind::Account => &[],
    };
    if fields.is_empty() {
        return Ok(Vec::new());
    }
    let columns: Vec<_> = fields.iter().map(|field| sql::shown(column(*field), *field)).collect();
    let mut statement = QueryBuilder::new(format!("select {} from event where ", columns.join(", ")));
    condition(&Ast::equals(entity.kind.field(), &Cell::Text(entity.value.clone())), &mut statement);
    visible.push_scope(&mut statement);
    statement.push(" order by event_time desc, event_key desc limit 1");
    let row = statement.build().fetch_optional(session.connection()).await?;
    let Some(row) = row else { return Ok(Vec::new()) };
    let fact = |(at, field): (usize, &Field)| read::cell(&row, at, field.kind()).map(|cell| (*field, cell));
    let facts = fields.iter().enumerate().map(fact).collect::<Result<Vec<_>, _>>()?;
    Ok(facts.into_iter().filter(|(_, cell)| !cell.is_null()).collect())
}

/// From the key upwards along the events that issued it and its parents, as far as they are shown; then who used it.
async fn chain(session: &mut Session, key: &str, visible: &Visible) -> Result<Vec<Step>, Trouble> {
    let mut issued = QueryBuilder::new(
        "with recursive chain (access_key, parent_access_key, event_time, event_key, step, path) as (
            select access_key, parent_access_key, event_time, event_key, 0, array[access_key] from credential where access_key = "
    );
    issued.push_bind(key.to_owned()).push(
        "
            union all
            select parent.access_key, parent.parent_access_key, parent.event_time, parent.event_key, step + 1, path || parent.access_key
            from chain join credential as parent on parent.access_key = chain.parent_access_key
            where parent.access_key <> all (path) and step < ",
    );
    issued.push_bind(LONGEST_CHAIN).push(
        "
         )
         select actor, session, event.access_key, event_id, step
         from chain join event using (event_time, event_key) where true",
    );
    visible.push_scope(&mut issued);
    issued.push(" order by step");
    let callers: Vec<Caller> = issued.build_query_as().fetch_all(session.connection()).await?;
    // Who is not next to the one before is nobody's caller here: an event between them is not shown.
    let shown = callers.into_iter().zip(0..).take_while(|(caller, step)| caller.step == *step);
    let mut callers: Vec<Step> = shown.map(|(caller, _)| caller.told).collect();
    callers.reverse();
    if callers.is_empty() {
        return Ok(Vec::new());
    }
    let mut used =
        QueryBuilder::new("select actor, session, access_key, null::text as event_id, 0 as step from event where ");
    condition(&Ast::equals(Field::AccessKey, &Cell::Text(key.to_owned())), &mut used);
    visible.push_scope(&mut used);
    used.push(" order by event_time desc, event_key desc limit 1");
    let user: Option<Caller> = used.build_query_as().fetch_optional(session.connection()).await?;
    let unused = || Step { actor: None, session: None, access_key: Some(key.to_owned()), event_id: None };
    let last = user.map_or_else(unused, |user| user.told);
    callers.push(last);
    Ok(callers)
}

/// A step as these statements give it.
struct Caller {
    told: Step,
    /// How far from the key it is.
    step: i32,
}

impl FromRow<'_, PgRow> for Caller {
    fn from_row(row: &PgRow) -> Result<Caller, sqlx::Error> {
        let get = |at: usize| row.try_get(at);
        let told = Step { actor: get(0)?, session: get(1)?, access_key: get(2)?, event_id: get(3)? };
        Ok(Caller { told, step: row.try_get(4)? })
    }
}
