//! Too much, and a database that is not there.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use sqlx::{
    ConnectOptions,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
};
use tokio::{net::TcpListener, task::JoinSet};

use super::{KEY, Site};
use crate::{
    ingest::fixture::{event, gzip, records},
    support::empty_database,
};

/// The head of a request, and as much of its body as the server takes; then what it answers.
fn raw(site: &Site, headers: &str, body: impl Iterator<Item = Vec<u8>>) -> String {
    let address = site.url.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("POST /api/v1/push/events HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\n{headers}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    for some in body {
        if stream.write_all(&some).is_err() {
            break;
        }
    }
    let mut answer = [0; 4096];
    let length = stream.read(&mut answer).unwrap_or(0);
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_before_it_is_in_memory() {
    let site = Site::new().await;
    let answer = tokio::task::block_in_place(|| raw(&site, "content-length: 104857601", std::iter::empty()));
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("the body is larger than 100 MiB"), "{answer}");
    let bomb = gzip(vec![b' '; 101 << 20]);
    assert!(bomb.len() < 1 << 20);
    let answer = site.push(&[("content-encoding", "gzip")], bomb).await;
    assert_eq!((answer.status, answer.error()), (413, "the body inflates to more than 100 MiB"));
    // A body that does not say how long it is.
    let chunk = [b"100000\r\n".to_vec(), vec![b' '; 1 << 20], b"\r\n".to_vec()].concat();
    let answer =
        tokio::task::block_in_place(|| raw(&site, "transfer-encoding: chunked", std::iter::repeat_n(chunk, 110)));
    // It may break off while there is more to come: then the answer is lost on the way.
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert_eq!(site.number("select count(*) from object").await, 0);
    assert_eq!(site.push(&[], event(0).to_string()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_bodies_together_have_only_so_much_room() {
    let site = Site::new().await;
    let address = site.url.strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
    let mut slow = tokio::task::block_in_place(|| {
        let mut slow = TcpStream::connect(address).unwrap();
        let head = format!(
            "POST /api/v1/push/events HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\ncontent-length: 104857600\r\n\r\n"
        );
        slow.write_all(head.as_bytes()).unwrap();
        for _ in 0..99 {
            slow.write_all(&vec![b' '; 1 << 20]).unwrap();
        }
        slow
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (mut busy, mut tries) = (String::new(), 0);
    while !busy.starts_with("HTTP/1.1 429 ") && tries < 5 {
        let body = std::iter::repeat_n(vec![b' '; 1 << 20], 70);
        busy = tokio::task::block_in_place(|| raw(&site, "content-length: 104857600", body));
        tries += 1;
    }
    assert!(busy.starts_with("HTTP/1.1 429 ") && busy.to_lowercase().contains("\r\nretry-after: 1\r\n"), "{busy}");
    assert_eq!(site.push(&[], event(0).to_string()).await.status, 200, "what is small still fits");
    tokio::task::block_in_place(|| slow.write_all(b" ").unwrap());
    drop(slow);
    let body = [records(1..11).into_bytes(), vec![b' '; 80 << 20]].concat();
    let mut status = 429;
    while status == 429 {
        status = site.push(&[], body.clone()).await.status;
    }
    assert_eq!((status, site.events().await), (200, 11), "the room is given back");
}

/// Connections go through it to the tests' Postgres while it is there.
struct Proxy {
    port: u16,
    connections: JoinSet<()>,
}

impl Proxy {
    async fn start(port: u16, to: PgConnectOptions) -> Proxy {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut connections = JoinSet::new();
        connections.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                let to = to.clone();
                open.spawn(async move {
                    let _ = match to.get_socket() {
                        Some(folder) => {
                            let path = folder.join(format!(".s.PGSQL.{}", to.get_port()));
                            let mut far = tokio::net::UnixStream::connect(path).await.unwrap();
                            tokio::io::copy_bidirectional(&mut near, &mut far).await
                        }
                        None => {
                            let mut far = tokio::net::TcpStream::connect((to.get_host(), to.get_port())).await.unwrap();
                            tokio::io::copy_bidirectional(&mut near, &mut far).await
                        }
                    };
                });
            }
        });
        Proxy { port, connections }
    }

    async fn stop(mut self) -> u16 {
        self.connections.shutdown().await;
        self.port
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_gone_sends_requests_back_until_it_is_there_again() {
    let direct = empty_database().await;
    let proxy = Proxy::start(0, direct.clone()).await;
    server::store::open(direct.clone(), 1).await.unwrap();
    let url = direct.to_url_lossy();
    let through =
        PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(proxy.port).ssl_mode(PgSslMode::Disable);
    let through = through.username(direct.get_username()).password(url.password().unwrap_or_default());
    let through = through.database(direct.get_database().unwrap()).options([("timezone", "UTC")]);
    let site = Site::on(PgPoolOptions::new().max_connections(8).connect_with(through).await.unwrap()).await;
    assert_eq!(site.push(&[], event(0).to_string()).await.status, 200);
    let port = proxy.stop().await;
    let body = event(1).to_string();
    for _ in 0..2 {
        let answer = site.push(&[], body.clone()).await;
        assert_eq!((answer.status, answer.error()), (503, "the database does not answer"));
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    let _proxy = Proxy::start(port, direct).await;
    for _ in 0..50 {
        if site.push(&[], body.clone()).await.status == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(site.events().await, 2);
}

/// One that the database refuses does not take the others of its batch along.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_refuses_holds_up_nobody() {
    let site = Site::new().await;
    sqlx::raw_sql(
        "create function refuse() returns trigger language plpgsql as
         $$ begin if new.uri like 'push://events/poison/%' then raise exception 'no' using errcode = '22000'; end if; return new; end $$;
         create trigger refuse before insert on object for each row execute function refuse()",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let mut lock = site.pool.begin().await.unwrap();
    sqlx::query("lock table object in exclusive mode").execute(&mut *lock).await.unwrap();
    let send = |number: u64| {
        let (id, site) = (if number == 5 { "poison".to_owned() } else { format!("good-{number}") }, &site);
        async move { site.push(&[("x-amz-firehose-request-id", &id)], event(number).to_string()).await }
    };
    let release = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        lock.rollback().await.unwrap();
    };
    let (answers, ()) = tokio::join!(futures::future::join_all((0..10).map(send)), release);
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 503, 200, 200, 200, 200]);
    assert_eq!(site.events().await, 9);
}
