//! A server somewhere else: speaks TLS on loopback, keeps what it is sent, and answers as it is told to.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

#[derive(Clone)]
enum Manner {
    Answer(Vec<u8>),
    Silent,
    /// A byte of the head now and then.
    Dripping,
    /// A body that does not end.
    Endless,
}

pub struct Far {
    pub port: u16,
    seen: Arc<Mutex<Seen>>,
    folder: tempfile::TempDir,
    manner: Arc<Mutex<Manner>>,
    /// At these paths, in place of the manner's.
    answers: Answers,
    task: JoinHandle<()>,
}

type Answers = Arc<Mutex<HashMap<String, Vec<u8>>>>;

#[derive(Default)]
struct Seen {
    connections: usize,
    requests: Vec<Vec<u8>>,
}

impl Drop for Far {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Far {
    pub async fn answering(answer: &[u8]) -> Far {
        Far::start(Manner::Answer(answer.to_vec())).await
    }

    pub async fn silent() -> Far {
        Far::start(Manner::Silent).await
    }

    pub async fn dripping() -> Far {
        Far::start(Manner::Dripping).await
    }

    pub async fn endless() -> Far {
        Far::start(Manner::Endless).await
    }

    /// Answers so from now on.
    pub fn answer(&self, answer: &[u8]) {
        *self.manner.lock().unwrap() = Manner::Answer(answer.to_vec());
    }

    /// Answers so at this path from now on.
    pub fn answer_at(&self, path: &str, answer: &[u8]) {
        self.answers.lock().unwrap().insert(path.to_owned(), answer.to_vec());
    }

    pub fn url(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.port)
    }

    /// The file of the authority that its certificate, for `localhost`, comes from.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().requests.iter().map(|whole| String::from_utf8_lossy(whole).into_owned()).collect()
    }

    /// Their bodies, to the byte.
    pub fn bodies(&self) -> Vec<Vec<u8>> {
        self.seen.lock().unwrap().requests.iter().map(|whole| whole[head_length(whole).unwrap()..].to_vec()).collect()
    }

    pub fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }

    async fn start(manner: Manner) -> Far {
        let folder = tempfile::tempdir().unwrap();
        let acceptor = acceptor(&folder.path().join("ca.pem"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (seen, manner) = (Arc::new(Mutex::new(Seen::default())), Arc::new(Mutex::new(manner)));
        let answers = Answers::default();
        let task = {
            let (seen, manner, answers) = (seen.clone(), manner.clone(), answers.clone());
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    seen.lock().unwrap().connections += 1;
                    let (acceptor, seen, manner, answers) =
                        (acceptor.clone(), seen.clone(), manner.clone(), answers.clone());
                    tokio::spawn(async move {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            attend(stream, &seen, &manner, &answers).await;
                        }
                    });
                }
            })
        };
        Far { port, seen, folder, manner, answers, task }
    }
}

/// TLS with a certificate for `localhost`, whose authority is written to the file.
pub fn acceptor(ca: &Path) -> TlsAcceptor {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    std::fs::write(ca, made.cert.pem()).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(made.cert.der().to_vec())], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn attend(mut stream: TlsStream<TcpStream>, seen: &Mutex<Seen>, manner: &Mutex<Manner>, answers: &Answers) {
    let request = read(&mut stream).await;
    let path = String::from_utf8_lossy(&request).split(' ').nth(1).unwrap_or_default().to_owned();
    seen.lock().unwrap().requests.push(request);
    let own = answers.lock().unwrap().get(&path).cloned().map(Manner::Answer);
    let manner = own.unwrap_or_else(|| manner.lock().unwrap().clone());
    // Whoever is asked leaves when they like.
    let _ = match manner {
        Manner::Answer(answer) => stream.write_all(&answer).await,
        Manner::Silent => std::future::pending().await,
        Manner::Dripping => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").await;
            loop {
                if stream.write_all(b"x").await.is_err() || stream.flush().await.is_err() {
                    break Ok(());
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        Manner::Endless => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            loop {
                if stream.write_all(&[b'x'; 4096]).await.is_err() {
                    break Ok(());
                }
            }
        }
    };
    let _ = stream.shutdown().await;
}

/// A request with its body, by its length.
async fn read(stream: &mut TlsStream<TcpStream>) -> Vec<u8> {
    let (mut whole, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(at) = head_length(&whole) {
            let head = String::from_utf8_lossy(&whole[..at]).into_owned();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
            if whole.len() - at >= length {
                return whole;
            }
        }
        match stream.read(&mut piece).await {
            Ok(read @ 1..) => whole.extend_from_slice(&piece[..read]),
            _ => return whole,
        }
    }
}

/// With the empty line at its end.
fn head_length(whole: &[u8]) -> Option<usize> {
    whole.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}
