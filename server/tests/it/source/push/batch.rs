//! Requests that come again, and requests that come together.

use std::time::Duration;

use futures::future;

use super::{Site, firehose};
use crate::ingest::fixture::{event, gzip, records, tables};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_again_changes_nothing() {
    let site = Site::new().await;
    let id = ("x-amz-firehose-request-id", "a/b");
    let data = [records(0..10).into_bytes(), b"no event".to_vec()];
    assert_eq!(site.push(&[id], firehose("a/b", 1, &data)).await.status, 200);
    let before = tables(&site.pool).await;
    let body = firehose("a/b", 2, &data);
    assert_eq!(site.push(&[id], body.clone()).await.status, 200);
    assert_eq!(site.push(&[id, ("content-encoding", "gzip")], gzip(body)).await.status, 200);
    assert_eq!(tables(&site.pool).await, before);
    // An id that comes with other records, which should not be, loses nothing.
    assert_eq!(site.push(&[id], firehose("a/b", 3, &[records(10..11).into(), b"no other".to_vec()])).await.status, 200);
    assert_eq!((site.events().await, site.rejected().await.len()), (11, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_events_by_two_requests_are_stored_once() {
    let site = Site::new().await;
    for (id, numbers) in [("a", 0..10), ("b", 5..15)] {
        let answer = site.push(&[("x-amz-firehose-request-id", id)], firehose(id, 1, &[records(numbers).into()])).await;
        assert_eq!(answer.status, 200);
    }
    assert_eq!(site.events().await, 15);
    assert_eq!(site.number("select sum(events_duplicate)::bigint from object").await, 5);
}

/// Nobody is answered while the database holds up the first of them; when it goes on, the rest is a batch.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_single_events_share_commits_and_are_answered_after_them() {
    let site = Site::new().await;
    let mut lock = site.pool.begin().await.unwrap();
    sqlx::query("lock table object in exclusive mode").execute(&mut *lock).await.unwrap();
    let mut pushes = std::pin::pin!(future::join_all((0..200).map(|number| site.push(&[], event(number).to_string()))));
    let early = tokio::time::timeout(Duration::from_secs(3), pushes.as_mut());
    assert!(early.await.is_err());
    let answered = sqlx::query_scalar::<_, i64>("select count(*) from event").fetch_one(&mut *lock).await.unwrap();
    assert_eq!(answered, 0);
    lock.rollback().await.unwrap();
    let answers = pushes.await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    assert_eq!(site.events().await, 200);
    let commits = site.number("select count(distinct xmin::text) from object").await;
    assert!((1..=20).contains(&commits), "200 requests in {commits} commits");
}
