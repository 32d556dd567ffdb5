//! The number by which answers are kept grows when events are stored, and then only.

use server::store::change;

use super::fixture::{ingest, records, write};
use crate::support::database;

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
    let rows: i64 = sqlx::query_scalar("select count(*) from change").fetch_one(&pool).await.unwrap();
    assert_eq!(rows, 1);
}
