//! The programs in `docs/clients/` are run as a tenant would run them, and what they print and send is checked.
//!
//! A machine without an interpreter skips its client, and says so past the capture of test output.

use crate::request::{Head, NOW, Signed, Signer, key_id, serve};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    path::Path,
    process::Command,
};

/// Method, URI, body, and the flags that ask for it.
type Request<'a> = (&'a str, &'a str, &'a str, &'a [&'a str]);

struct Client {
    interpreter: &'static str,
    file: &'static str,
    /// Succeeds if the client can run with an HMAC key, and with an Ed25519 key.
    probes: [&'static [&'static str]; 2],
}

const CLIENTS: [Client; 3] = [
    Client {
        interpreter: "python3",
        file: "signed_request.py",
        probes: [&["--version"], &["-c", "import cryptography"]],
    },
    Client { interpreter: "node", file: "signed_request.mjs", probes: [&["--version"], &["--version"]] },
    Client { interpreter: "java", file: "SignedRequest.java", probes: [&["--version"], &["--version"]] },
];

const NONCE: &str = "Q2hhbmdlIG1lIGV2ZXJ5IHRpbWU";
const COMPLAINT: &str =
    r#"{"complainant":{"name":"Ada Winter"},"channel":"web","description":"A fee was charged twice."}"#;

fn secret() -> String {
    format!("rdr_sign_{}", URL_SAFE_NO_PAD.encode([9; 32]))
}

fn seed() -> String {
    URL_SAFE_NO_PAD.encode([9; 32])
}

/// PKCS #8 (RFC 8410 §7).
fn pem() -> String {
    let der = [b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".as_slice(), &[9; 32]].concat();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der))
}

impl Client {
    fn can_sign(&self, signer: Signer) -> bool {
        let probe = match signer {
            Signer::Hmac => self.probes[0],
            Signer::Ed25519 => self.probes[1],
        };
        let ok = Command::new(self.interpreter).args(probe).output().is_ok_and(|output| output.status.success());
        if !ok {
            let what = format!("\n\nSKIPPED: {} cannot run here with {signer:?}: {probe:?} failed\n\n", self.file);
            std::io::stderr().write_all(what.as_bytes()).unwrap();
        }
        ok
    }

    fn run(&self, url: &str, key_id: &str, signing_key: &str, flags: &[&str]) -> String {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/clients").join(self.file);
        let output = Command::new(self.interpreter)
            .arg(file)
            .args(["--created", &NOW.to_string(), "--nonce", NONCE])
            .args(flags)
            // Or Java reads flags as ASCII.
            .env("LC_ALL", "C.UTF-8")
            .env("REDRESS_URL", url)
            .env("REDRESS_KEY", "rdr_test_example")
            .env("REDRESS_KEY_ID", key_id)
            .env("REDRESS_SIGNING_KEY", signing_key)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        assert!(output.status.success(), "{}: {}", self.file, text(output.stderr));
        text(output.stdout)
    }
}

/// The head and the signature of a request whose header lines are these.
fn received(method: &str, uri: &str, lines: &str) -> (Head, Signed) {
    let fields = lines.lines().map(|line| line.split_once(": ").unwrap());
    let fields: Vec<_> = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let field = |wanted: &str| {
        let (_, value) = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).unwrap();
        value.clone()
    };
    let signed = Signed { input: field("Signature-Input"), signature: field("Signature") };
    (Head { method: method.to_owned(), target_uri: uri.to_owned(), fields }, signed)
}

#[test]
fn what_every_client_prints_verifies() {
    let url = "https://eu.redress.example";
    let complaints = format!("{url}/v1/complaints");
    let acknowledge = format!("{complaints}/01932f6e-7c1a-7b3e-8d5f-0123456789ab/acknowledge");
    let list = format!("{complaints}?state=received&limit=5");
    let note = r#"{"note":"Zoë rang — again"}"#;
    let new: Request<'_> = ("POST", &complaints, COMPLAINT, &[]);
    let change: Request<'_> =
        ("POST", &acknowledge, note, &["--url", &acknowledge, "--body", note, "--if-match", "\"v1\""]);
    let read: Request<'_> = ("GET", &list, "", &["--method", "GET", "--url", &list]);
    let runs = [
        (new, Signer::Hmac, secret()),
        (new, Signer::Ed25519, seed()),
        (new, Signer::Ed25519, pem()),
        (change, Signer::Hmac, secret()),
        (read, Signer::Ed25519, seed()),
    ];
    for client in CLIENTS {
        for ((method, uri, body, flags), signer, signing_key) in &runs {
            if !client.can_sign(*signer) {
                continue;
            }
            let printed = client.run(url, &key_id().to_string(), signing_key, &[*flags, &["--print"]].concat());
            let (head, signed) = received(method, uri, &printed);
            let verified = serve(&head, body.as_bytes(), &signed, *signer);
            assert_eq!(verified.map(|verified| verified.nonce).as_deref(), Ok(NONCE), "{}: {printed}", client.file);
        }
    }
}

/// The example in `docs/request-signing.md`, which `page.rs` checks.
#[test]
fn every_client_prints_the_example_of_the_page() {
    let page = include_str!("../../../docs/request-signing.md");
    let id = "01932f6e-7c1a-7b3e-8d5f-0123456789ab";
    let seed: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap());
    let seed = URL_SAFE_NO_PAD.encode(seed);
    for (signer, signing_key) in [(Signer::Hmac, format!("rdr_sign_{seed}")), (Signer::Ed25519, seed)] {
        for client in CLIENTS.iter().filter(|client| client.can_sign(signer)) {
            let flags = ["--print", "--idempotency-key", "\"8e03978e-40d5-43e8-bc93-6894a57f9324\""];
            let printed = client.run("https://eu.redress.example", id, &signing_key, &flags);
            assert_eq!(printed.lines().count(), 5, "{}: {printed}", client.file);
            for line in printed.lines() {
                assert!(page.lines().any(|on_page| on_page == line), "{}: {line}", client.file);
            }
        }
    }
}

/// What arrives over a socket is what was signed, to the byte.
#[test]
fn what_every_client_sends_verifies() {
    for client in CLIENTS.iter().filter(|client| client.can_sign(Signer::Hmac)) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(&stream);
            let lines = reader.by_ref().lines().map(Result::unwrap).take_while(|line| !line.is_empty());
            let lines: Vec<_> = lines.collect();
            let length =
                lines.iter().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            let mut body = vec![0; length.unwrap()];
            reader.read_exact(&mut body).unwrap();
            let answer = "HTTP/1.1 201 Created\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
            (&stream).write_all(answer.as_bytes()).unwrap();
            (lines, body)
        });
        let shown = client.run(&url, &key_id().to_string(), &secret(), &["--idempotency-key", "\"order-4711\""]);
        let (lines, body) = server.join().unwrap();
        assert_eq!(shown.split_whitespace().collect::<Vec<_>>(), ["201", "{}"], "{}", client.file);
        let (request_line, lines) = lines.split_first().unwrap();
        assert_eq!(request_line, "POST /v1/complaints HTTP/1.1", "{}", client.file);
        let (head, signed) = received("POST", &format!("{url}/v1/complaints"), &lines.join("\n"));
        let verified = serve(&head, &body, &signed, Signer::Hmac);
        assert_eq!(verified.map(|verified| verified.nonce).as_deref(), Ok(NONCE), "{}: {lines:?}", client.file);
        assert_eq!(body, COMPLAINT.as_bytes());
        assert!(
            lines.iter().any(|line| line.eq_ignore_ascii_case("authorization: bearer rdr_test_example")),
            "{lines:?}"
        );
    }
}
