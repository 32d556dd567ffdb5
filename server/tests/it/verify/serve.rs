//! `trailmap serve --config` verifies its sources, with keys that AWS lists, and says so.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use sqlx::ConnectOptions;

use super::{bucket::Signer, keys::Stub, s3::upload, victim, whole};
use crate::{source::cloud, support::empty_database};

/// Ends the server, however the test ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_verifies_its_sources() {
    let (cloud, stub, options) = (cloud::Bucket::new().await, Stub::new(&[Signer::one()]), empty_database().await);
    let mut bucket = whole(&cloud.name);
    bucket.files.remove(&victim().log_file_key(3, 0));
    upload(&bucket, &cloud).await;
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("trailmap.toml");
    std::fs::write(&config, format!("[[source]]\nname = \"trail\"\ntype = \"s3\"\nbucket = {:?}\n", cloud.name))
        .unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_trailmap"));
    let ours =
        std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("TRAILMAP_") || name.starts_with("AWS_"));
    for name in ours {
        command.env_remove(name);
    }
    command.env("AWS_ENDPOINT_URL", cloud::endpoint()).env("AWS_ENDPOINT_URL_CLOUDTRAIL", &stub.url);
    command.env("AWS_ACCESS_KEY_ID", "testing").env("AWS_SECRET_ACCESS_KEY", "testing").env("AWS_REGION", "eu-west-1");
    command.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(&config);
    command.arg("--database-url").arg(options.to_url_lossy().as_str()).arg("--data-dir").arg(folder.path());
    let mut server = Server(command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().rsplit(' ').next().unwrap().to_owned() + "/api/v1/ingest";

    let told = || ureq::get(&address).call().unwrap().body_mut().read_json::<Value>().unwrap()["integrity"].clone();
    let mut last = told();
    for _ in 0..600 {
        if last["sources"][0]["last_success_at"].is_string() && last["sources"][0]["days_left"] == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        last = told();
    }
    assert_eq!(last["sources"][0]["source"], "trail", "{last:#}");
    assert_eq!(last["trails"].as_array().unwrap().len(), 4, "{last:#}");
    assert_eq!(last["problems"]["total"], 1, "{last:#}");
    assert_eq!(last["problems"]["first"][0]["finding"], "log_file_missing");
    assert!(last["trails"].as_array().unwrap().iter().all(|trail| trail["digests"]["unchecked"] == 0), "{last:#}");
}
