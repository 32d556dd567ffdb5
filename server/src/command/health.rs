//! `trailmap health`: one HTTP request by hand, so that a container's health check needs no other program.

use std::{
    io::{Read, Write},
    net::{TcpStream, ToSocketAddrs},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, bail};

use crate::config::Health;

const TIMEOUT: Duration = Duration::from_secs(5);

/// Exit status 0 when `/readyz` answers 200; 1 with the reason on standard error otherwise.
pub fn run(settings: &Health) -> anyhow::Result<ExitCode> {
    let status = ask(&settings.url).with_context(|| settings.url.clone())?;
    if status != 200 {
        bail!("{} is not ready: it answers {status}", settings.url);
    }
    super::print("ready\n")?;
    Ok(ExitCode::SUCCESS)
}

fn ask(url: &str) -> anyhow::Result<u16> {
    let rest = url.strip_prefix("http://").context("the health check speaks http:// only")?;
    let (host, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let path = [prefix.trim_matches('/'), "readyz"].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let target = if has_port { host.to_owned() } else { format!("{host}:80") };
    let address = target.to_socket_addrs()?.next().context("the host has no address")?;

    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let request = format!("GET /{} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", path.join("/"));
    stream.write_all(request.as_bytes())?;
    let mut head = Vec::new();
    stream.take(64).read_to_end(&mut head)?;
    let head = String::from_utf8_lossy(&head);
    let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1));
    status.and_then(|code| code.trim().parse().ok()).context("the answer is not HTTP")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::{net::TcpListener, thread};

    fn answering(answer: &'static str) -> (String, thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // All of it: what is closed with something unread is reset.
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut part = [0; 1024];
                let length = stream.read(&mut part).unwrap();
                assert!(length > 0, "the request ended early");
                request.extend_from_slice(&part[..length]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&request).into_owned()
        });
        (url, server)
    }

    #[test]
    fn reads_the_status() {
        let (url, server) = answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(ask(&url).unwrap(), 200);
        assert!(server.join().unwrap().starts_with("GET /readyz HTTP/1.1\r\n"));
        let (url, server) = answering("HTTP/1.1 503 Service Unavailable\r\n\r\n");
        assert_eq!(ask(&format!("{url}/base/")).unwrap(), 503);
        assert!(server.join().unwrap().starts_with("GET /base/readyz "));
        let (url, _server) = answering("SSH-2.0\r\n");
        assert!(ask(&url).is_err());
        assert!(ask("https://127.0.0.1").is_err());
    }
}
