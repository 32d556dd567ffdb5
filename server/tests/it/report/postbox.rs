//! A mail server on loopback: takes letters and keeps them, refuses some recipients.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use server::{
    config::{
        smtp::{Encryption, Smtp},
        source::Secret,
    },
    report::Mailer,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

use crate::outgoing::far;

/// What came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub to: String,
    pub text: Vec<u8>,
    pub encrypted: bool,
    pub user: Option<String>,
}

pub struct Postbox {
    port: u16,
    state: Arc<Mutex<State>>,
    folder: tempfile::TempDir,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    letters: Vec<Letter>,
    /// What recipients are answered, where that is not 250.
    answers: HashMap<String, String>,
}

impl Drop for Postbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Postbox {
    pub async fn open(offers: Encryption) -> Postbox {
        let folder = tempfile::tempdir().unwrap();
        let acceptor = far::acceptor(&folder.path().join("ca.pem"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let task = tokio::spawn(serve(listener, acceptor, state.clone(), offers));
        Postbox { port, state, folder, task }
    }

    pub fn letters(&self) -> Vec<Letter> {
        self.state.lock().unwrap().letters.clone()
    }

    /// Who has had a letter, in order.
    pub fn recipients(&self) -> Vec<String> {
        self.letters().into_iter().map(|letter| letter.to).collect()
    }

    /// Answers this recipient so from now on; with nothing, takes letters again.
    pub fn answer(&self, to: &str, answer: &str) {
        self.state.lock().unwrap().answers.insert(to.to_owned(), answer.to_owned());
    }

    pub fn settings(&self, tls: Encryption) -> Smtp {
        Smtp {
            host: "localhost".to_owned(),
            port: self.port,
            tls,
            user: None,
            from: "Trailmap <trailmap@example.com>".parse().unwrap(),
            domains: vec!["example.com".to_owned(), "example.org".to_owned()],
            ca: Some(self.folder.path().join("ca.pem")),
        }
    }

    pub fn mailer(&self) -> Mailer {
        Mailer::open(&self.settings(Encryption::None)).unwrap()
    }

    /// With a password, which stands in a file.
    pub fn with_user(&self, settings: Smtp, password: &str) -> Smtp {
        let file: PathBuf = self.folder.path().join("password");
        std::fs::write(&file, format!("{password}\n")).unwrap();
        Smtp { user: Some(("trailmap".to_owned(), Secret::File(file))), ..settings }
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, state: Arc<Mutex<State>>, offers: Encryption) {
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, state) = (acceptor.clone(), state.clone());
        tokio::spawn(async move {
            if offers == Encryption::Tls {
                if let Ok(stream) = acceptor.accept(stream).await {
                    talk(BufReader::new(stream), &state, "AUTH PLAIN", true).await;
                }
                return;
            }
            let offered = if offers == Encryption::Starttls { "STARTTLS" } else { "8BITMIME" };
            if let Some(stream) = talk(BufReader::new(stream), &state, offered, true).await
                && let Ok(stream) = acceptor.accept(stream).await
            {
                talk(BufReader::new(stream), &state, "AUTH PLAIN", false).await;
            }
        });
    }
}

/// One conversation. Gives the stream back where it is to be encrypted.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: BufReader<S>,
    state: &Mutex<State>,
    offered: &str,
    greets: bool,
) -> Option<S> {
    if greets {
        stream.write_all(b"220 postbox ESMTP\r\n").await.ok()?;
    }
    let (mut to, mut user) = (String::new(), None);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let (word, rest) = line.trim_end().split_once([' ', ':']).unwrap_or((line.trim_end(), ""));
        let answer = match word.to_ascii_uppercase().as_str() {
            "EHLO" => format!("250-postbox\r\n250 {offered}"),
            "STARTTLS" => {
                stream.write_all(b"220 go on\r\n").await.ok()?;
                return Some(stream.into_inner());
            }
            "AUTH" => {
                let plain = BASE64_STANDARD.decode(rest.trim_start_matches("PLAIN ")).unwrap_or_default();
                let plain = String::from_utf8(plain).unwrap_or_default();
                match plain.ends_with("\0right") {
                    true => {
                        user = plain.split('\0').nth(1).map(str::to_owned);
                        "235 welcome".to_owned()
                    }
                    false => "535 5.7.8 wrong password".to_owned(),
                }
            }
            "RCPT" => {
                to = rest.trim_start_matches("TO:<").split('>').next().unwrap_or_default().to_owned();
                let answers = &state.lock().unwrap().answers;
                answers.get(&to).filter(|answer| !answer.is_empty()).cloned().unwrap_or_else(|| "250 ok".to_owned())
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await.ok()?;
                let text = data(&mut stream).await?;
                let encrypted = offered.starts_with("AUTH");
                state.lock().unwrap().letters.push(Letter { to: to.clone(), text, encrypted, user: user.clone() });
                "250 2.0.0 Ok: queued as 4F2A".to_owned()
            }
            "QUIT" => "221 bye".to_owned(),
            _ => "250 ok".to_owned(),
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    }
}

/// A letter, to the line with a dot alone.
async fn data<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await.ok()? == 0 {
            return None;
        }
        if line == b".\r\n" {
            return Some(text);
        }
        text.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
