//! One actor, address, resource, access key or account, over everything that is stored.

use app::api::{Entities, Profile, Step};
use async_trait::async_trait;
use model::{
    chart::visible,
    entity::{Entity, Kind},
    error::Error,
    field::Field,
    series::Cell,
};
use sqlx::{AssertSqlSafe, FromRow, QueryBuilder, Row, postgres::PgRow};
use time::OffsetDateTime;

use super::{
    Query,
    filter::{column, condition},
    read,
    session::{Session, Trouble, permit},
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
    let _permit = permit(&query.panels).await?;
    let mut session = Session::begin(&query.pool).await?;
    let Some((first, last)) = seen(&mut session, entity).await? else { return Ok(None) };
    let facts = facts(&mut session, entity).await?;
    let chain = match entity.kind {
        Kind::AccessKey => chain(&mut session, &entity.value).await?,
        _ => Vec::new(),
    };
    session.end().await?;
    let (first_seen, last_seen) = (read::timestamp(first), read::timestamp(last));
    Ok(Some(Profile { entity: entity.clone(), first_seen, last_seen, facts, chain }))
}

/// When it was seen first and last.
async fn seen(session: &mut Session, entity: &Entity) -> Result<Option<(OffsetDateTime, OffsetDateTime)>, Trouble> {
    let mut statement = QueryBuilder::new("select min(event_time), max(event_time) from event where ");
    condition(&entity.filter(), &mut statement);
    let row: (Option<OffsetDateTime>, Option<OffsetDateTime>) =
        statement.build_query_as().fetch_one(session.connection()).await?;
    Ok(row.0.zip(row.1))
}

/// What the newest event of the thing's own tells about it.
async fn facts(session: &mut Session, entity: &Entity) -> Result<Vec<(Field, Cell)>, Trouble> {
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
    let is = match entity.kind {
        Kind::Resource => "resource @> array[cast($1 as text)]".to_owned(),
        Kind::SourceIp => "source_ip = cast($1 as text)::inet".to_owned(),
        kind => format!("{} = $1", column(kind.field())),
    };
    let statement =
        format!("select {} from event where {is} order by event_time desc, event_key desc limit 1", columns.join(", "));
    let row = sqlx::query(AssertSqlSafe(statement)).bind(&entity.value).fetch_optional(session.connection()).await?;
    let Some(row) = row else { return Ok(Vec::new()) };
    let fact = |(at, field): (usize, &Field)| read::cell(&row, at, field.kind()).map(|cell| (*field, cell));
    let facts = fields.iter().enumerate().map(fact).collect::<Result<Vec<_>, _>>()?;
    Ok(facts.into_iter().filter(|(_, cell)| !cell.is_null()).collect())
}

/// From the key upwards along the events that issued it and its parents; then who used it.
async fn chain(session: &mut Session, key: &str) -> Result<Vec<Step>, Trouble> {
    let callers: Vec<Caller> = sqlx::query_as(
        "with recursive chain (access_key, parent_access_key, event_time, event_key, step, path) as (
            select access_key, parent_access_key, event_time, event_key, 0, array[access_key] from credential where access_key = $1
            union all
            select parent.access_key, parent.parent_access_key, parent.event_time, parent.event_key, step + 1, path || parent.access_key
            from chain join credential as parent on parent.access_key = chain.parent_access_key
            where step < $2 and parent.access_key <> all (path)
         )
         select actor, session, event.access_key, event_id
         from chain join event using (event_time, event_key) order by step desc",
    )
    .bind(key)
    .bind(LONGEST_CHAIN)
    .fetch_all(session.connection())
    .await?;
    if callers.is_empty() {
        return Ok(Vec::new());
    }
    let user: Option<Caller> = sqlx::query_as(
        "select actor, session, access_key, null::text as event_id from event where access_key = $1
         order by event_time desc, event_key desc limit 1",
    )
    .bind(key)
    .fetch_optional(session.connection())
    .await?;
    let unused = || Step { actor: None, session: None, access_key: Some(key.to_owned()), event_id: None };
    let last = user.map_or_else(unused, |user| user.0);
    Ok(callers.into_iter().map(|caller| caller.0).chain([last]).collect())
}

/// A step as these statements give it.
struct Caller(Step);

impl FromRow<'_, PgRow> for Caller {
    fn from_row(row: &PgRow) -> Result<Caller, sqlx::Error> {
        let get = |at: usize| row.try_get(at);
        Ok(Caller(Step { actor: get(0)?, session: get(1)?, access_key: get(2)?, event_id: get(3)? }))
    }
}
