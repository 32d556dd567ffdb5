//! The number by which answers are kept grows when events are stored, and then only.

use server::store::change::{self, Changes};

use super::fixture::{ingest, records, write};
use crate::support::database;

const HOUR_MS: i64 = 3_600_000;

#[tokio::test]
async fn the_number_grows_with_what_is_stored_and_is_folded() {
    let (pool, folder) = (database().await, tempfile::tempdir().unwrap());
    let count = async || change::count(&pool).await.unwrap();
    assert_eq!(count().await, 0);
    let first = write(folder.path(), "a.json", records(0..5));
    ingest(&pool, &first).await;
    let after_first = count().await;
    assert!(after_first > 0);
    ingest(&pool, &first).await;
    assert_eq!(count().await, after_first, "the file was read already");
    ingest(&pool, &write(folder.path(), "b.json", records(5..9))).await;
    let after_second = count().await;
    assert!(after_second > after_first);

    let mut connection = pool.acquire().await.unwrap();
    for _ in 0..3 {
        change::add(&mut connection).await.unwrap();
    }
    tokio::try_join!(change::fold(&pool), change::fold(&pool)).unwrap();
    assert_eq!(count().await, after_second + 3);
    let hours = "select count(*) filter (where hour is null), count(hour) - count(distinct hour) from change";
    let rows: (i64, i64) = sqlx::query_as(hours).fetch_one(&pool).await.unwrap();
    assert_eq!(rows, (1, 0), "a row for each hour, and one for all");
    change::forget_hours(&mut connection).await.unwrap();
    let rows: i64 = sqlx::query_scalar("select count(*) from change").fetch_one(&pool).await.unwrap();
    assert_eq!((rows, count().await), (1, after_second + 3));
}

#[tokio::test]
async fn an_hour_changes_by_its_own_events_and_by_what_concerns_all() {
    let (pool, folder) = (database().await, tempfile::tempdir().unwrap());
    ingest(&pool, &write(folder.path(), "a.json", records(0..5))).await;
    let mut connection = pool.acquire().await.unwrap();
    let hours: Vec<time::OffsetDateTime> =
        sqlx::query_scalar("select distinct hour from change where hour is not null order by 1")
            .fetch_all(&mut *connection)
            .await
            .unwrap();
    let hour_ms = hours[0].unix_timestamp() * 1000;
    let of =
        |changes: &Changes, offset: i64| changes.between(hour_ms + offset * HOUR_MS, hour_ms + (offset + 1) * HOUR_MS);
    let first = Changes::read(&mut connection).await.unwrap();
    assert!(of(&first, 0) > 0);
    assert_eq!(of(&first, -24), 0);
    ingest(&pool, &write(folder.path(), "b.json", records(0..7))).await;
    let second = Changes::read(&mut connection).await.unwrap();
    assert!(second.between(0, i64::MAX) > first.between(0, i64::MAX));
    assert_eq!(of(&second, -24), 0, "nothing was stored there");
    change::add(&mut connection).await.unwrap();
    change::fold(&pool).await.unwrap();
    let third = Changes::read(&mut connection).await.unwrap();
    assert_eq!((of(&third, 0), of(&third, -24)), (of(&second, 0) + 1, 1));
}
