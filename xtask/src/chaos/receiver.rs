//! A firm's system that is told by webhooks, as reliable as the plan wants it. It keeps what it was told and what it said.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::plan::{Dice, Mood};

/// A message that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// `webhook-id`.
    pub message: String,
    /// The complaint that it tells of.
    pub complaint: String,
    /// The number of the event.
    pub seq: u64,
    /// What was answered; 0 for nothing.
    pub status: u16,
}

/// A firm's system.
#[derive(Clone, Debug)]
pub struct Receiver(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    url: String,
    mood: Mutex<Mood>,
    dice: Mutex<Dice>,
    heard: Mutex<Vec<Heard>>,
    over: AtomicBool,
    open: AtomicU64,
}

/// More connections than this at a time are not taken for longer than it takes to close them.
const AT_ONCE: u64 = 200;
/// Longer than the runtime waits for a moment, shorter than the product does for an answer.
const SLOW: Duration = Duration::from_secs(3);

impl Receiver {
    /// Starts one that is well.
    pub fn start(seed: u64, number: u64) -> Result<Receiver> {
        let listener = TcpListener::bind("127.0.0.1:0").context("no free port")?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        let dice = Mutex::new(Dice::new(seed, 2_000 + number));
        let (mood, heard) = (Mutex::new(Mood::Well), Mutex::new(Vec::new()));
        let shared = Shared { url, mood, dice, heard, over: AtomicBool::new(false), open: AtomicU64::new(0) };
        let receiver = Receiver(Arc::new(shared));
        let serves = receiver.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serves.0.over.load(Ordering::SeqCst) {
                    break;
                }
                if serves.0.open.fetch_add(1, Ordering::SeqCst) >= AT_ONCE {
                    serves.0.open.fetch_sub(1, Ordering::SeqCst);
                    continue;
                }
                let serves = serves.clone();
                thread::spawn(move || {
                    let _ = serves.answer(stream);
                    serves.0.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Ok(receiver)
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// What it does from now on.
    pub fn is_now(&self, mood: Mood) {
        *self.0.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }

    /// Everything that came in.
    pub fn heard(&self) -> Vec<Heard> {
        self.0.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn status(&self) -> u16 {
        let mut dice = self.0.dice.lock().unwrap_or_else(PoisonError::into_inner);
        match *self.0.mood.lock().unwrap_or_else(PoisonError::into_inner) {
            Mood::Well | Mood::Slow => 204,
            Mood::Broken => 500,
            Mood::Silent => 0,
            Mood::Moody => dice.of(&[204, 204, 204, 500, 503, 429, 301, 0]).unwrap_or(204),
            Mood::Gone => 410,
        }
    }

    fn answer(&self, mut stream: TcpStream) -> Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut headers = BTreeMap::new();
        let mut line = String::new();
        reader.read_line(&mut line)?;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_lowercase(), value.to_owned());
        }
        let header = |name: &str| headers.get(name).with_context(|| format!("no {name}"));
        let mut body = vec![0; header("content-length")?.parse()?];
        reader.read_exact(&mut body)?;
        let told: Value = serde_json::from_slice(&body)?;
        let message = header("webhook-id")?.clone();
        let complaint = told["data"]["complaint"].as_str().unwrap_or_default().to_owned();
        let seq = told["data"]["seq"].as_u64().unwrap_or_default();
        let status = self.status();
        if *self.0.mood.lock().unwrap_or_else(PoisonError::into_inner) == Mood::Slow {
            thread::sleep(SLOW);
        }
        // Kept before it is answered, as whoever says 2xx has to.
        let heard = Heard { message, complaint, seq, status };
        self.0.heard.lock().unwrap_or_else(PoisonError::into_inner).push(heard);
        if status != 0 {
            write!(stream, "HTTP/1.1 {status} So\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")?;
        }
        Ok(())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // The last but the thread's own.
        if Arc::strong_count(&self.0) <= 2 {
            self.0.over.store(true, Ordering::SeqCst);
            let _ = TcpStream::connect(self.0.url.trim_start_matches("http://").trim_end_matches("/hook"));
        }
    }
}
