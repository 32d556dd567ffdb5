//! ListPublicKeys, against a server that speaks its protocol: JSON 1.1, pages, a permission that is missing.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use server::integrity::keys::Keys;

use super::bucket::Signer;
use crate::source::cloud;

/// What it was asked: the region, by whose name the request is signed, and the body.
type Asked = (String, Value);

#[derive(Default)]
struct Api {
    asked: Vec<Asked>,
    denied: bool,
    /// Keys come one a page.
    keys: Vec<Value>,
}

/// An API on a port of its own.
#[derive(Clone)]
pub struct Stub {
    api: Arc<Mutex<Api>>,
    pub url: String,
}

impl Stub {
    /// With the keys of some signers.
    pub fn new(signers: &[Signer]) -> Stub {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let keys = signers.iter().map(|signer| {
            let list: Value = serde_json::from_str(&signer.list()).unwrap();
            // As it comes over the wire; the command line prints texts.
            let mut key = list["PublicKeyList"][0].clone();
            key["ValidityStartTime"] = json!(1_793_491_200.0);
            key["ValidityEndTime"] = json!(1_796_083_200.0);
            key
        });
        let api = Arc::new(Mutex::new(Api { keys: keys.collect(), ..Api::default() }));
        let stub = Stub { api: api.clone(), url: format!("http://{}", listener.local_addr().unwrap()) };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let api = api.clone();
                std::thread::spawn(move || serve(stream.unwrap(), &api));
            }
        });
        stub
    }

    pub fn keys(&self) -> Keys {
        Keys::asked(cloud::config_for(&self.url))
    }

    pub fn deny(&self, denied: bool) {
        self.api.lock().unwrap().denied = denied;
    }

    /// The regions that were asked, page by page.
    pub fn regions(&self) -> Vec<String> {
        self.api.lock().unwrap().asked.iter().map(|(region, _)| region.clone()).collect()
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.api.lock().unwrap().asked.clone()
    }
}

fn serve(stream: TcpStream, api: &Mutex<Api>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    loop {
        let (mut length, mut region, mut target, mut line) = (0, String::new(), String::new(), String::new());
        while reader.read_line(&mut line).unwrap_or(0) > 0 && line != "\r\n" {
            let (name, value) = line.split_once(':').unwrap_or((&line, ""));
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap(),
                "x-amz-target" => target = value.trim().to_owned(),
                // Credential=testing/20261124/eu-west-1/cloudtrail/aws4_request
                "authorization" => region = value.split('/').nth(2).unwrap_or_default().to_owned(),
                _ => {}
            }
            line.clear();
        }
        if line.is_empty() {
            return;
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        assert!(target.ends_with(".ListPublicKeys"), "{target}");
        let (status, answer) = list(&mut api.lock().unwrap(), region, serde_json::from_slice(&body).unwrap());
        let answer = answer.to_string();
        let kind = "application/x-amz-json-1.1";
        let head = format!("HTTP/1.1 {status} x\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n", answer.len());
        stream.write_all((head + &answer).as_bytes()).unwrap();
    }
}

fn list(api: &mut Api, region: String, body: Value) -> (u16, Value) {
    let page: usize = body["NextToken"].as_str().map_or(0, |token| token.parse().unwrap());
    api.asked.push((region, body));
    if api.denied {
        let message = "User: arn:aws:iam::111122223333:user/a is not authorized to perform: cloudtrail:ListPublicKeys";
        return (400, json!({"__type": "AccessDeniedException", "message": message}));
    }
    let mut answer = json!({"PublicKeyList": api.keys.get(page).into_iter().collect::<Vec<_>>()});
    if page + 1 < api.keys.len() {
        answer["NextToken"] = json!((page + 1).to_string());
    }
    (200, answer)
}
