//! What writers know to be stored: kept from batch to batch, and forgotten when somebody deletes some of it.

use std::time::Duration;

use serde_json::json;
use server::{
    ingest::source::{Object, Place, intake::Intake},
    store::known,
};
use sqlx::PgPool;

use super::fixture::{event, records, with};
use crate::support::database;

fn object(name: &str, text: String) -> Object {
    let (uri, version) = (format!("memory://{name}"), "1".to_owned());
    Object { uri, version, bytes: text.len() as u64, place: Place::Memory(text.into()), source: None }
}

/// Stored actions, and events whose action is stored.
async fn actions(pool: &PgPool) -> (i64, i64) {
    sqlx::query_as("select (select count(*) from action), (select count(event_name) from event_field)")
        .fetch_one(pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn it_is_not_written_again_until_it_is_forgotten() {
    let pool = database().await;
    let intake = Intake::new(pool.clone(), Default::default());
    intake.take(vec![object("a", records(0..10))]).await.unwrap();
    assert_eq!(actions(&pool).await, (2, 10));
    // Behind the writers' backs, which nobody does: what is not there any more is not written again.
    sqlx::query("delete from action").execute(&pool).await.unwrap();
    intake.named("other").take(vec![object("b", records(10..20))]).await.unwrap();
    assert_eq!(actions(&pool).await, (0, 0), "another batch, of another source");
    let mut transaction = pool.begin().await.unwrap();
    known::forget(&mut transaction).await.unwrap();
    transaction.commit().await.unwrap();
    intake.take(vec![object("c", records(20..30))]).await.unwrap();
    assert_eq!(actions(&pool).await, (2, 30));
}

/// A batch has read its objects while somebody deletes what they refer to.
#[tokio::test]
async fn what_was_read_before_it_was_deleted_is_read_again() {
    let pool = database().await;
    let intake = Intake::new(pool.clone(), Default::default());
    intake.take(vec![object("a", records(0..10))]).await.unwrap();
    let pad = "x".repeat(40_000);
    let large: Vec<_> = (100..600).map(|number| with(event(number), json!({"padding": pad})).to_string()).collect();
    let objects = vec![object("b", records(10..20)), object("large", large.join("\n")), object("c", records(20..30))];
    let mut deletion = pool.begin().await.unwrap();
    known::forget(&mut deletion).await.unwrap();
    sqlx::query("delete from action").execute(&mut *deletion).await.unwrap();
    let taken = intake.take(objects);
    let deleted = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(actions(&pool).await, (2, 10), "nothing is written meanwhile");
        deletion.commit().await.unwrap();
    };
    let (batch, ()) = tokio::join!(taken, deleted);
    let summary = batch.unwrap().summary;
    assert_eq!((summary.objects, summary.events_inserted), (3, 520));
    assert_eq!(actions(&pool).await, (2, 530));
}

/// Postgres was started anew: after a failover it may have less than it told to be committed.
#[tokio::test]
async fn nothing_is_known_of_another_database() {
    let (one, other) = (database().await, database().await);
    let known = known::Known::default();
    let recall = async |pool: &PgPool| {
        let mut connection = pool.acquire().await.unwrap();
        known.recall(&mut connection, 1_767_225_600_000_000).await.unwrap()
    };
    let generation = async |pool: &PgPool, generation: i64| {
        let (dimensions, _) = recall(pool).await;
        assert_eq!(dimensions.generation(), generation);
    };
    generation(&one, 0).await;
    let mut transaction = other.begin().await.unwrap();
    known::forget(&mut transaction).await.unwrap();
    transaction.commit().await.unwrap();
    generation(&other, 1).await;
    let partitions = "select count(*) from pg_class where relname in ('stored_event_2026_01', 'stored_event_2026_02')";
    for pool in [&one, &other] {
        generation(pool, i64::from(std::ptr::eq(pool, &other))).await;
        let made: i64 = sqlx::query_scalar(partitions).fetch_one(pool).await.unwrap();
        assert_eq!(made, 2, "each has its months");
    }
}
