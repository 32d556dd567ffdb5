//! What requests may hold, and what becomes of what cannot be read.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use server::store;

use super::{Site, bridge, cloudwatch, firehose};
use crate::ingest::fixture::{event, events, gzip, id, records, with};

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_eventbridge_and_what_scripts_send() {
    let site = Site::new().await;
    let lines: Vec<_> = events(4..7).iter().map(ToString::to_string).collect();
    let bodies = [
        bridge(&event(0)).to_string(),
        records(1..3),
        json!([event(3)]).to_string(),
        lines.join("\n"),
        json!({"awslogs": {"data": base64::Engine::encode(&base64::prelude::BASE64_STANDARD, cloudwatch(&[event(7).to_string()]))}}).to_string(),
    ];
    for body in bodies {
        let answer = site.push(&[("content-type", "application/json; charset=utf-8")], body).await;
        assert_eq!((answer.status, answer.error()), (200, ""));
        assert_eq!(answer.body["requestId"].as_str().unwrap().len(), 64, "the content's hash");
    }
    for (number, headers) in [(8, vec![("content-encoding", "gzip")]), (9, vec![])] {
        assert_eq!(site.push(&headers, gzip(records(number..number + 1))).await.status, 200);
    }
    assert_eq!((site.events().await, site.rejected().await), (10, vec![]));
}

/// Nothing is lost, and nothing holds up the rest.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_event_is_kept_aside_and_acknowledged() {
    let site = Site::new().await;
    let cut = gzip(records(0..500));
    let cut = cut[..cut.len() / 2].to_vec();
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&vec![b' '; 20 << 20]).unwrap();
    let bomb = bomb.finish().unwrap();
    let timeless = with(event(1_000), json!({"eventTime": "soon"})).to_string();
    let plain = firehose("a", 1, &[b"hello".to_vec(), cut, bomb, timeless.into(), event(2_000).to_string().into()]);
    let body = plain.replacen("\"records\":[", "\"records\":[{\"data\":\"%%%%\"},", 1);
    let answer = site.push(&[("x-amz-firehose-request-id", "a")], body).await;
    assert_eq!((answer.status, answer.error()), (200, ""));
    let rejected = site.rejected().await;
    let begins = [
        "data is not base64: Invalid symbol 37, offset 0.",
        "data: not JSON at byte 0",
        "the JSON ends in the middle of this record, at byte ",
        "data: gzip ends early: after ",
        "data: ",
        "eventTime is not a time: \"soon\"",
    ];
    assert_eq!(rejected.len(), begins.len(), "{rejected:?}");
    for (reason, begin) in rejected.iter().zip(begins) {
        assert!(reason.starts_with(begin), "{reason}");
    }
    assert!(rejected[4].ends_with("a compression bomb"), "{rejected:?}");
    assert!(site.events().await > 200, "those before the damage");
    let last = sqlx::query_scalar::<_, i64>("select count(*) from event where event_id = $1").bind(id(2_000));
    assert_eq!(last.fetch_one(&site.pool).await.unwrap(), 1);
    let texts: Vec<String> =
        sqlx::query_scalar("select text from rejected order by ordinal").fetch_all(&site.pool).await.unwrap();
    assert_eq!(texts[0], "{\"data\":\"%%%%\"}");
    assert_eq!(texts[1], "{\"data\":\"aGVsbG8=\"}", "as it came");
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_request_is_no_request() {
    let site = Site::new().await;
    let whole = records(0..100);
    let half = &whole[..whole.len() / 2];
    let answer = site.push(&[], half).await;
    assert_eq!(
        (answer.status, answer.error()),
        (400, format!("the JSON ends in the middle, at byte {}", half.len()).as_str())
    );
    let failed = store::object::list(&site.pool, true, 10).await.unwrap();
    assert_eq!((failed.len(), failed[0].error.as_deref()), (1, Some(answer.error())));
    assert!(site.events().await > 30, "what can be read is stored all the same");
    assert_eq!(site.push(&[], whole).await.status, 200);
    assert_eq!(site.events().await, 100);

    let compressed = gzip(records(200..1_000));
    let answer = site.push(&[("content-encoding", "gzip")], &compressed[..compressed.len() / 2]).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.error().starts_with("the body is not gzip to its end: ")
            && answer.error().contains(" after it inflated to "),
        "{answer:?}"
    );
    let mut damaged = compressed.clone();
    damaged[compressed.len() / 2..][..40].fill(0xff);
    assert_eq!(site.push(&[("content-encoding", "gzip")], damaged).await.status, 400);
    assert_eq!(site.events().await, 100);
}
