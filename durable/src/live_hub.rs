//! [`LiveHub`], one per tenant: hibernating sockets that are told of the tenant's changes. Who is told what: `shared::live`.
//!
//! It sleeps between events: what it must not forget lies with the sockets themselves (their attachments), and pings are answered
//! without it.
//!
//! Invariant: memory is changed, messages are sent and attachments written in one go, without a pause between.

use crate::exchange::{answer, done, now, question, wake};
use serde::{Deserialize, Serialize};
use shared::{
    json,
    live::{Acknowledgement, Act, Change, Farewell, Hub, MAX_MESSAGE_BYTES, PING, Refusal, Seat, SeatNumber},
    object::live_hub::{Entry, GUEST, Page, Question, Wanted, place_message},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    panic::AssertUnwindSafe,
};
use worker::{
    DurableObject, Env, Error, Request, Response, ResponseBuilder, Result, Socket, State, WebSocket,
    WebSocketIncomingMessage, WebSocketPair, WebSocketRequestResponsePair, durable_object,
};

/// Who listens to a tenant.
#[durable_object]
pub struct LiveHub {
    state: State,
    /// No method leaves it half changed, so a panic elsewhere does no harm to it.
    memory: AssertUnwindSafe<Memory>,
}

#[derive(Default)]
struct Memory {
    loaded: Cell<bool>,
    hub: RefCell<Hub>,
    sockets: RefCell<BTreeMap<SeatNumber, Held>>,
    /// When the alarm rings, in Unix milliseconds.
    alarm: Cell<Option<i64>>,
    sent: Cell<u32>,
    closed: RefCell<BTreeMap<Farewell, u32>>,
}

/// A socket, and what was last attached to it.
struct Held {
    socket: WebSocket,
    attached: Option<Seat>,
}

/// What is attached to a socket, as JSON.
#[derive(Serialize, Deserialize)]
struct Attached {
    number: SeatNumber,
    seat: Seat,
}

impl DurableObject for LiveHub {
    fn new(state: State, _env: Env) -> Self {
        if let Ok(pair) = WebSocketRequestResponsePair::new(PING.0, PING.1) {
            state.set_websocket_auto_response(&pair);
        }
        Self { state, memory: AssertUnwindSafe(Memory::default()) }
    }

    /// Opens a socket, or answers a [`Question`].
    async fn fetch(&self, mut request: Request) -> Result<Response> {
        if let Some(entry) = request.headers().get(GUEST)? {
            self.load();
            let entry: Entry = json::from_str(&entry).map_err(|error| Error::RustError(error.to_string()))?;
            return self.enter(&entry).await;
        }
        let question: Question = question(&mut request).await?;
        self.load();
        match question {
            Question::Wanted => {}
            Question::Take(page) => self.take(&page),
            Question::Stand { door } => {
                let acts = self.memory.hub.borrow_mut().stand(door, now());
                self.act(&acts, None);
            }
            Question::Close { farewell } => {
                let acts = self.memory.hub.borrow_mut().close(farewell);
                self.act(&acts, None);
            }
        }
        self.settle().await?;
        answer(&self.wanted())
    }

    /// Closes whoever's time has come.
    async fn alarm(&self) -> Result<Response> {
        self.load();
        self.memory.alarm.set(None);
        let acts = self.memory.hub.borrow_mut().pass(now());
        self.act(&acts, None);
        self.settle().await?;
        done()
    }

    /// A client may acknowledge, and nothing else: pings do not come here.
    async fn websocket_message(&self, socket: WebSocket, message: WebSocketIncomingMessage) -> Result<()> {
        self.load();
        let Some(number) = number_of(&socket) else { return Ok(()) };
        let count = match &message {
            WebSocketIncomingMessage::String(text) if text.len() <= MAX_MESSAGE_BYTES => {
                json::from_str(text).ok().map(|Acknowledgement { ack }| ack)
            }
            _ => None,
        };
        let is_right = count.is_some_and(|count| self.memory.hub.borrow_mut().acknowledge(number, count));
        if is_right {
            self.attach(number);
        } else if self.memory.hub.borrow_mut().leave(number) {
            self.act(&[Act::Close(number, Farewell::Misused)], None);
        }
        Ok(())
    }

    async fn websocket_close(&self, socket: WebSocket, _code: usize, _reason: String, _clean: bool) -> Result<()> {
        self.load();
        self.forget(&socket);
        // The runtime may have answered the close already.
        socket.close(Some(1000), Some("")).ok();
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, _error: Error) -> Result<()> {
        self.load();
        self.forget(&socket);
        Ok(())
    }

    /// Nobody connects to it by TCP.
    async fn connect(&self, _socket: Socket) -> Result<()> {
        Err(Error::RustError("there is nothing here".to_owned()))
    }
}

impl LiveHub {
    /// Finds who was there before it slept.
    fn load(&self) {
        if self.memory.loaded.replace(true) {
            return;
        }
        let (mut seats, mut sockets) = (Vec::new(), BTreeMap::new());
        for socket in self.state.get_websockets() {
            let Some(Attached { number, seat }) = attached(&socket) else { continue };
            seats.push((number, seat.clone()));
            sockets.insert(number, Held { socket, attached: Some(seat) });
        }
        self.memory.hub.replace(Hub::with(seats));
        self.memory.sockets.replace(sockets);
    }

    async fn enter(&self, entry: &Entry) -> Result<Response> {
        let entered = self.memory.hub.borrow_mut().enter(&entry.guest, now());
        let number = match entered {
            Ok(number) => number,
            Err(refusal) => return refused(refusal),
        };
        let WebSocketPair { client, server } = WebSocketPair::new()?;
        self.state.accept_web_socket(&server);
        self.memory.sockets.borrow_mut().insert(number, Held { socket: server.clone(), attached: None });
        self.attach(number);
        server.send_with_str(place_message(&entry.next))?;
        self.settle().await?;
        Response::from_websocket(client)
    }

    fn take(&self, page: &Page) {
        let changes: Vec<Change> = page
            .changes
            .iter()
            .map(|change| Change {
                number: change.number,
                complaint: change.complaint,
                bytes: change.event.len().try_into().unwrap_or(u64::MAX),
            })
            .collect();
        let acts = self.memory.hub.borrow_mut().take(page.from, page.last, &changes, now());
        self.act(&acts, Some(page));
        let all: Vec<_> = self.memory.hub.borrow().seats().map(|(number, _)| number).collect();
        all.into_iter().for_each(|number| self.attach(number));
    }

    /// Does what was decided. A socket that cannot be sent to is gone, and says so by itself.
    fn act(&self, acts: &[Act], page: Option<&Page>) {
        let mut sockets = self.memory.sockets.borrow_mut();
        let mut messages: BTreeMap<(usize, bool), String> = BTreeMap::new();
        for act in acts {
            match *act {
                Act::Send(number, nth, whole) => {
                    let Some(change) = page.and_then(|page| page.changes.get(nth)) else { continue };
                    let text = messages.entry((nth, whole)).or_insert_with(|| change.message(whole));
                    self.send(sockets.get(&number), text);
                }
                Act::Place(number) => {
                    let next = page.and_then(|page| page.changes.last()).map(|change| place_message(&change.next));
                    next.into_iter().for_each(|text| self.send(sockets.get(&number), &text));
                }
                Act::Close(number, farewell) => {
                    let (code, reason, _) = farewell.parts();
                    if let Some(held) = sockets.remove(&number) {
                        // It belongs to nobody any more, also after a sleep.
                        held.socket.serialize_attachment("").ok();
                        held.socket.close(Some(code), Some(reason)).ok();
                        *self.memory.closed.borrow_mut().entry(farewell).or_default() += 1;
                    }
                }
            }
        }
    }

    fn send(&self, held: Option<&Held>, text: &str) {
        if held.is_some_and(|held| held.socket.send_with_str(text).is_ok()) {
            self.memory.sent.set(self.memory.sent.get().saturating_add(1));
        }
    }

    /// Has a socket know how far it is, if that is new.
    fn attach(&self, number: SeatNumber) {
        let hub = self.memory.hub.borrow();
        let mut sockets = self.memory.sockets.borrow_mut();
        if let (Some(seat), Some(held)) = (hub.seat(number), sockets.get_mut(&number))
            && !held.attached.as_ref().is_some_and(|attached| seat.is_like(attached))
            && let Ok(text) = serde_json::to_string(&Attached { number, seat: seat.clone() })
            && held.socket.serialize_attachment(&text).is_ok()
        {
            held.attached = Some(seat.clone());
        }
    }

    fn forget(&self, socket: &WebSocket) {
        if let Some(number) = number_of(socket)
            && self.memory.hub.borrow_mut().leave(number)
        {
            self.memory.sockets.borrow_mut().remove(&number);
            *self.memory.closed.borrow_mut().entry(Farewell::Left).or_default() += 1;
        }
    }

    /// Has itself woken when time closes somebody.
    async fn settle(&self) -> Result<()> {
        let at = self.memory.hub.borrow().wakes_at();
        if let Some(at) = at
            && self.memory.alarm.get().is_none_or(|set| set > at.unix_millis())
        {
            self.memory.alarm.set(Some(at.unix_millis()));
            wake(&self.state, at).await?;
        }
        Ok(())
    }

    fn wanted(&self) -> Wanted {
        let hub = self.memory.hub.borrow();
        Wanted {
            sockets: hub.len().try_into().unwrap_or(u32::MAX),
            after: hub.wanted(),
            waiting: hub.has_waiting(),
            behind: hub.has_behind(),
            young: hub.is_young(now()),
            sent: self.memory.sent.take(),
            closed: self.memory.closed.take().into_iter().collect(),
        }
    }
}

fn refused(refusal: Refusal) -> Result<Response> {
    Ok(ResponseBuilder::new().with_status(409).fixed(serde_json::to_string(&refusal)?.into_bytes()))
}

fn attached(socket: &WebSocket) -> Option<Attached> {
    let text: String = socket.deserialize_attachment().ok()??;
    json::from_str(&text).ok()
}

fn number_of(socket: &WebSocket) -> Option<SeatNumber> {
    attached(socket).map(|Attached { number, .. }| number)
}
