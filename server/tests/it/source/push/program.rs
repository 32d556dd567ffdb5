//! The program itself: killed, ended, and asked by `trailmap check`.

use std::sync::Mutex;

use futures::{StreamExt, stream};
use rand::{Rng, SeedableRng};

use super::{KEY, WITH_KEY, ready, send};
use crate::{
    ingest::fixture::{event, id, write},
    source::crash::Server,
    support::empty_database,
};

/// All that was answered with 200 before the kill is there; what was sent anew is there once.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_outlives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let key = write(folder.path(), "key", KEY);
    let text = format!("[[source]]\nname = \"events\"\ntype = \"push\"\naccess_key_file = {key:?}\n");
    let config = write(folder.path(), "trailmap.toml", text);
    let options = empty_database().await;
    let pool = server::store::open(options.clone(), 4).await.unwrap();
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(3);
    for round in 0..4u64 {
        let server = Server::start(&options, &config);
        let url = format!("{}/api/v1/push/events", server.2);
        ready(&url).await;
        let (acknowledged, until) = (Mutex::new(Vec::new()), random.random_range(5..60));
        let server = Mutex::new(Some(server));
        stream::iter(round * 1_000..round * 1_000 + 100)
            .for_each_concurrent(8, |number| {
                let (url, acknowledged, server) = (&url, &acknowledged, &server);
                async move {
                    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
                    let request = agent.post(url).header(WITH_KEY.0, WITH_KEY.1);
                    let sent = tokio::task::spawn_blocking(move || request.send(event(number).to_string().as_bytes()));
                    if sent.await.unwrap().is_ok_and(|answer| answer.status() == 200) {
                        let mut all = acknowledged.lock().unwrap();
                        all.push(id(number));
                        if all.len() == until {
                            server.lock().unwrap().take().unwrap().kill();
                        }
                    }
                }
            })
            .await;
        let acknowledged = acknowledged.into_inner().unwrap();
        assert!(acknowledged.len() >= until);
        let there =
            sqlx::query_scalar::<_, i64>("select count(*) from event where event_id = any($1)").bind(&acknowledged);
        assert_eq!(there.fetch_one(&pool).await.unwrap(), acknowledged.len() as i64, "round {round}");
    }
    let server = Server::start(&options, &config);
    let url = format!("{}/api/v1/push/events", server.2);
    ready(&url).await;
    let all: Vec<u64> = (0..4).flat_map(|round| round * 1_000..round * 1_000 + 100).collect();
    let answers =
        stream::iter(&all).map(|number| send(&url, &[WITH_KEY], event(*number).to_string())).buffer_unordered(8);
    assert!(answers.all(|answer| async move { answer.status == 200 }).await);
    server.stop();
    let count = sqlx::query_scalar::<_, i64>("select count(*) from event").fetch_one(&pool).await.unwrap();
    assert_eq!(count, all.len() as i64);
    let state: String = sqlx::query_scalar("select state from source").fetch_one(&pool).await.unwrap();
    assert_eq!(state, "stopped");
}
