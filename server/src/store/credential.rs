//! Sessions' keys: which event issued each, and who stands at the beginning of its chain.

use sqlx::PgConnection;

/// Keys of a chain that are followed: more roles than anybody takes one after the other, and an end for circles.
const LONGEST_CHAIN: i32 = 16;

/// Runs that settle their keys do it one after the other; the number is this lock's own.
const LOCK: i64 = 0x7472_6169_6c6b_6579;

/// A part of the statement that inserts events, which it calls `inserted`, from `event_staging`. Of several events that issued
/// one key, the same one is kept in whatever order they come.
pub const INSERT: &str = "issued as (
            insert into credential as known
                (access_key, event_time, event_key, from_outside, parent_access_key, own_origin, source_identity)
            select distinct on (issued_access_key)
                issued_access_key, event_time, event_key, coalesce(identity_type = 'AWSAccount', true), access_key,
                own_origin, source_identity
            from inserted join (select segment_id, ordinal, access_key, identity_type, own_origin, source_identity
                                from event_staging where issued_access_key is not null) as staged
                using (segment_id, ordinal)
            order by issued_access_key, coalesce(identity_type = 'AWSAccount', true), event_time, event_key
            on conflict (access_key) do update set
                event_time = excluded.event_time, event_key = excluded.event_key,
                from_outside = excluded.from_outside, parent_access_key = excluded.parent_access_key,
                own_origin = excluded.own_origin, source_identity = excluded.source_identity, settled = false
            where (excluded.from_outside, excluded.event_time, excluded.event_key)
                < (known.from_outside, known.event_time, known.event_key)
         )";

/// Finds the origin of the keys that this transaction inserted, and of those that follow from them. The last thing
/// before the commit: two runs that hold the ends of one chain must not both miss the other's.
pub async fn settle(connection: &mut PgConnection) -> sqlx::Result<()> {
    let new: bool = sqlx::query_scalar("select exists (select from credential where not settled)")
        .fetch_one(&mut *connection)
        .await?;
    if !new {
        return Ok(());
    }
    // A statement of its own: the next one sees what the run before has committed.
    sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *connection).await?;
    sqlx::query(
        "with recursive
         touched (access_key, step) as (
            select access_key, 0 from credential where not settled
            union
            select child.access_key, step + 1
            from touched join credential as child on child.parent_access_key = touched.access_key
            where step < $1
         ),
         -- From each of them upwards, until somebody is named.
         chain (access_key, step, parent_access_key, own_origin, source_identity) as (
            select access_key, 0, parent_access_key, own_origin, source_identity
            from credential where access_key in (select access_key from touched)
            union all
            select chain.access_key, step + 1, parent.parent_access_key, parent.own_origin, parent.source_identity
            from chain join credential as parent on parent.access_key = chain.parent_access_key
            where chain.own_origin is null and step < $1
         ),
         -- Nobody: then the name that was set the furthest up.
         found as (
            select distinct on (access_key) access_key, coalesce(own_origin, source_identity) as origin
            from chain
            order by access_key, own_origin is null, source_identity is null, step desc
         )
         update credential set origin = found.origin, settled = true
         from found where found.access_key = credential.access_key",
    )
    .bind(LONGEST_CHAIN)
    .execute(connection)
    .await?;
    Ok(())
}
