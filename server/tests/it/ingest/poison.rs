//! Hostile and broken objects among good ones: each ends with a clear error, and nothing else is touched.

use std::{io::Write, path::Path};

use flate2::{Compression, write::GzEncoder};
use rand::{Rng, SeedableRng, distr::Alphanumeric};
use serde_json::json;

use super::fixture::{event, gzip, ingest, records, with, write};
use crate::support::database;

/// Name, content, and whether it is failed, done with rejected records, or done.
fn corpus() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let [a, b] = [event(900_001).to_string(), event(900_002).to_string()];
    let whole = gzip(records(900_000..900_040));
    let n = whole.len();
    let text = records(900_000..900_003);
    let changed = |at: usize, byte: u8| {
        let mut bytes = whole.clone();
        bytes[at] = byte;
        bytes
    };
    let deep = |open: &str, close: &str, depth: usize| format!("{}{}", open.repeat(depth), close.repeat(depth));
    vec![
        ("gzip-header-only", whole[..10].to_vec(), "failed"),
        ("gzip-magic-only", whole[..2].to_vec(), "failed"),
        ("gzip-truncated-early", whole[..40].to_vec(), "failed"),
        ("gzip-truncated-half", whole[..n / 2].to_vec(), "failed"),
        ("gzip-truncated-trailer", whole[..n - 3].to_vec(), "failed"),
        ("gzip-bad-crc", changed(n - 6, !whole[n - 6]), "failed"),
        ("gzip-bad-length", changed(n - 1, !whole[n - 1]), "failed"),
        ("gzip-bad-method", changed(2, 7), "failed"),
        ("gzip-corrupt", [&whole[..n / 2], &[0xff; 64], &whole[n / 2..]].concat(), "failed"),
        ("gzip-trailing-garbage", [&whole[..], b"garbage"].concat(), "failed"),
        ("gzip-second-truncated", [&whole[..], &whole[..n / 2]].concat(), "failed"),
        ("gzip-of-csv", gzip("a,b\n1,2\n"), "failed"),
        ("gzip-of-nothing", gzip(""), "done"),
        ("gzip-thrice", gzip(gzip(gzip(&text))), "failed"),
        ("empty", vec![], "done"),
        ("blank", b" \n\t\r\n".to_vec(), "done"),
        ("csv", b"eventTime,eventName\n2026,Get\n".to_vec(), "failed"),
        ("html", b"<html><body>AccessDenied</body></html>".to_vec(), "failed"),
        ("zip", b"PK\x03\x04\x14\0\0\0".to_vec(), "failed"),
        ("zstd", b"\x28\xb5\x2f\xfd\x04\0".to_vec(), "failed"),
        ("parquet", b"PAR1\x15\x04".to_vec(), "failed"),
        ("zeros", vec![0; 100_000], "failed"),
        ("noise", (0..100_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect(), "failed"),
        ("utf16", text.encode_utf16().flat_map(u16::to_le_bytes).collect(), "failed"),
        ("utf16-bom", [0xff, 0xfe, b'{', 0].to_vec(), "failed"),
        ("number", b"12".to_vec(), "failed"),
        ("string", b"\"text\"".to_vec(), "failed"),
        ("null", b"null".to_vec(), "failed"),
        ("text-ends-in-record", text.as_bytes()[..text.len() - 20].to_vec(), "failed"),
        ("text-ends-in-array", text.as_bytes()[..text.len() - 2].to_vec(), "failed"),
        ("line-cut", format!("{a}\n{}", &b[..50]).into(), "failed"),
        ("open-bracket", b"[".to_vec(), "failed"),
        ("open-brackets", "[".repeat(100_000).into(), "failed"),
        ("open-braces", "{\"a\":".repeat(100_000).into(), "failed"),
        ("records-is-object", br#"{"Records":{"a":1}}"#.to_vec(), "rejected"),
        ("records-is-null", br#"{"Records":null}"#.to_vec(), "rejected"),
        ("records-of-scalars", br#"{"Records":[1,"x",null,true,[],{}]}"#.to_vec(), "rejected"),
        ("deep-arrays", format!("[{a},{{\"x\":{}}},{b}]", deep("[", "]", 100_000)).into(), "rejected"),
        ("deep-objects", format!("[{a},{},{b}]", deep("{\"a\":", "}", 10_000).replace(":}", ":1}")).into(), "rejected"),
        ("bad-literal", format!("{{\"Records\":[{a},{{\"eventName\":nul}},{b}]}}").into(), "rejected"),
        ("bad-comma", format!("{{\"Records\":[{a},{{\"eventName\":\"x\",}},{b}]}}").into(), "rejected"),
        ("bad-quotes", format!("{{\"Records\":[{a},{{'eventName':'x'}},{b}]}}").into(), "rejected"),
        ("bad-escape", format!("{{\"Records\":[{a},{{\"eventName\":\"\\x\"}},{b}]}}").into(), "rejected"),
        ("bad-control", format!("{{\"Records\":[{a},{{\"eventName\":\"\u{1}\"}},{b}]}}").into(), "rejected"),
        ("bad-nul", format!("{{\"Records\":[{a},{{\"eventName\":\"\0\"}},{b}]}}").into(), "rejected"),
        ("bad-utf8", [b"{\"Records\":[{\"eventName\":\"\xff\"},", a.as_bytes(), b"]}"].concat(), "rejected"),
        ("bad-string", format!("{{\"Records\":[{{\"eventName\":\"x}},{a},{b}]}}").into(), "rejected"),
        ("bad-bracket", format!("{{\"Records\":[{{\"x\":[1,2}},{a},{b}]}}").into(), "rejected"),
        ("bad-lines", format!("{a}\n{{\"x\":\nnoise\n{{\"y\":\"\n{b}\n").into(), "rejected"),
        ("no-time", br#"{"eventName":"x","eventID":"n"}"#.to_vec(), "rejected"),
        ("bad-time", br#"{"eventName":"x","eventTime":"yesterday"}"#.to_vec(), "rejected"),
        ("far-time", br#"{"eventName":"x","eventTime":"0000-01-01T00:00:00Z"}"#.to_vec(), "rejected"),
        ("nul-in-reason", br#"{"eventName":"x","eventTime":"a\u0000b"}"#.to_vec(), "rejected"),
        ("huge-number", br#"{"eventName":"x","eventTime":1e999999,"a":1e999999}"#.to_vec(), "rejected"),
        ("large-record", format!("[{a},{{\"x\":\"{}\"}},{b}]", "y".repeat(6 << 20)).into(), "rejected"),
        (
            "many-keys",
            format!("{{{}}}", (0..300_000).map(|n| format!("\"k{n}\":0")).collect::<Vec<_>>().join(",")).into(),
            "rejected",
        ),
        (
            "notification",
            json!({"Records": [{"eventSource": "aws:s3", "eventName": "Put", "eventTime": "2026-01-01T00:00:00Z"}]})
                .to_string()
                .into(),
            "rejected",
        ),
        ("digest", json!({"digestStartTime": "2026-01-01T00:00:00Z", "logFiles": []}).to_string().into(), "done"),
    ]
}

#[tokio::test]
async fn poison_among_good_objects_harms_only_itself() {
    let (pool, folder) = (database().await, tempfile::tempdir().unwrap());
    let corpus = corpus();
    assert!(corpus.len() >= 40);
    for (number, (name, bytes, _)) in (0..).zip(&corpus) {
        write(folder.path(), &format!("{number:03}-poison-{name}"), bytes);
        write(folder.path(), &format!("{number:03}-good.json.gz"), gzip(records(number * 10..number * 10 + 10)));
    }
    let summary = ingest(&pool, folder.path()).await;
    let failed = corpus.iter().filter(|(.., state)| *state == "failed").count() as u64;
    assert_eq!((summary.objects, summary.objects_failed), (2 * corpus.len() as u64 - failed, failed));
    let good: i64 =
        sqlx::query_scalar("select count(*) from event join object using (object_id) where uri like '%-good.json.gz'")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(good, corpus.len() as i64 * 10);

    let rows: Vec<(String, String, Option<String>, i64, i64)> = sqlx::query_as(
        "select split_part(uri, '-poison-', 2), state, error, events_rejected,
                (select count(*) from rejected r where r.object_id = o.object_id and reason <> '')
         from object o where uri like '%-poison-%' order by uri",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let mut wrong = Vec::new();
    for ((name, _, expected), (stored, state, error, rejected, kept)) in corpus.iter().zip(&rows) {
        let got = if *rejected > 0 && state == "done" { "rejected" } else { state };
        let told = error.as_ref().is_some_and(|error| !error.is_empty()) == (state == "failed");
        if (name, *expected) != (&&**stored, got) || rejected != kept || !told {
            wrong.push(format!("{name}: {got} {error:?} rejected {rejected} kept {kept}, expected {expected}"));
        }
    }
    assert!(wrong.is_empty() && rows.len() == corpus.len(), "{wrong:#?}");
    // The readable events around the bad records are all there.
    let around: i64 =
        sqlx::query_scalar("select count(*) from event where event_id like '000dbba%'").fetch_one(&pool).await.unwrap();
    assert!(around >= 3, "{around}");
    let cast: i64 =
        sqlx::query_scalar("select count(coalesce(raw_json, raw)::jsonb) from event").fetch_one(&pool).await.unwrap();
    assert!(cast > good);
}

/// Ten megabytes of gzip that inflate to ten gigabytes of one byte: the same member of gzip over and over.
fn bomb(folder: &Path, name: &str, head: &[u8], byte: u8) {
    let member = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let mut file = std::io::BufWriter::new(std::fs::File::create(folder.join(name)).unwrap());
    file.write_all(&member(head)).unwrap();
    let block = member(&vec![byte; 16 << 20]);
    (0..640).for_each(|_| file.write_all(&block).unwrap());
}

#[tokio::test]
async fn bombs_end_in_seconds_with_little_memory() {
    let (options, folder) = (crate::support::empty_database().await, tempfile::tempdir().unwrap());
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    bomb(&data, "1-zeros.gz", b"", 0);
    bomb(&data, "2-blank.gz", b"", b' ');
    bomb(&data, "3-string.gz", b"{\"Records\":[{\"a\":\"", b'x');
    bomb(&data, "4-deep.gz", b"", b'[');
    bomb(&data, "5-blank-in-record.gz", b"{\"Records\":[{\"a\":1,", b'\n');
    write(&data, "6-good.json", records(0..10));
    // Two hundred megabytes of a single string, as they are, and an object of a million keys.
    write(&data, "7-plain-string.json", format!("[{{\"a\":\"{}\"}},{}]", "y".repeat(200 << 20), event(10)));
    // And what is large by right: fifty megabytes of gzip, of events near the largest that there are.
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(3);
    let noise: String = (0..200_000).map(|_| char::from(random.sample(Alphanumeric))).collect();
    let large: Vec<_> = (100..440).map(|number| with(event(number), json!({"noise": noise})).to_string()).collect();
    let large = gzip(large.join("\n"));
    assert!(large.len() > 50 << 20, "{}", large.len());
    write(&data, "9-large.json.gz", large);
    let keys: Vec<_> = (0..1_000_000).map(|number| format!("\"k{number}\":0")).collect();
    write(&data, "8-keys.json", format!("[{{{}}},{}]", keys.join(","), event(11)));
    let child = super::crash::spawn(&options, &data, &["--format", "json"]);
    let began = std::time::Instant::now();
    let (summary, status, peak) = super::crash::wait_with_peak(child);
    let summary: serde_json::Value =
        serde_json::from_str(&summary).unwrap_or_else(|error| panic!("{error}: {summary}"));
    assert_eq!((&summary["objects_failed"], &summary["events_inserted"]), (&json!(5), &json!(352)), "{summary}");
    assert_eq!(status, Some(3));
    assert!(peak < 512 << 10, "{peak} kB");
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
    let pool = server::store::open(options, 2).await.unwrap();
    let errors: Vec<String> = sqlx::query_scalar("select error from object where state = 'failed' order by uri")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(errors[0], "not JSON at byte 0");
    assert!(errors[1..].iter().all(|error| error.ends_with("a compression bomb")), "{errors:#?}");
}
