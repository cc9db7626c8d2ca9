//! The change feed: every event once and in one order, whoever reads it, from wherever, and while others write.

use crate::{
    client::{Answer, Client},
    eventually::within,
    firm::{Firm, complaint, key_for},
};
use serde_json::{Value, json};
use shared::http::change_query::Place;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// A change of a tenant takes effect within this time.
const SOON: Duration = Duration::from_secs(10);
/// Whoever waits hears of something new within this time.
const WOKEN: Duration = Duration::from_millis(1_500);

/// A reader that remembers what it was told.
pub(crate) struct Reader {
    /// Where it goes on; none for the beginning.
    pub(crate) cursor: Option<String>,
    /// What it has seen.
    pub(crate) seen: Vec<Value>,
    /// Each cursor that it was given, and how much it had seen then.
    places: Vec<(String, usize)>,
}

impl Reader {
    pub(crate) fn new() -> Self {
        Self { cursor: None, seen: Vec::new(), places: Vec::new() }
    }

    /// The path of its next page.
    pub(crate) fn path(&self, query: &str) -> String {
        let since = self.cursor.iter().map(|cursor| format!("&since={cursor}")).collect::<String>();
        format!("/v1/changes?{query}{since}")
    }

    /// Takes in a page. Whether there is more.
    pub(crate) fn take(&mut self, page: &Answer) -> bool {
        self.seen.extend(page.data().iter().cloned());
        self.cursor = Some(page.text_of("next").to_owned());
        self.places.push((page.text_of("next").to_owned(), self.seen.len()));
        page.body["has_more"].as_bool().expect("it says whether there is more")
    }

    /// Reads on to the end.
    pub(crate) fn finish(&mut self, api: &Client) {
        while self.take(&api.get(&self.path("limit=200")).expect(200)) {}
    }

    /// Which events of which complaints it has seen, in their order.
    pub(crate) fn events(&self) -> Vec<(&str, u64)> {
        let mut events = Vec::new();
        for change in &self.seen {
            let (complaint, event) = (change["complaint"].as_str().expect("a complaint"), &change["event"]);
            assert_eq!(event["complaint"], complaint);
            events.push((complaint, event["seq"].as_u64().expect("a number")));
        }
        events
    }

    /// Fails unless the numbers have no gap and the events of each complaint come in order, from the first on.
    pub(crate) fn is_whole(&self) {
        assert!(self.seen.iter().map(|change| change["number"].as_u64().unwrap()).eq(1..=self.seen.len() as u64));
        let mut versions = BTreeMap::new();
        for (complaint, seq) in self.events() {
            let next = versions.entry(complaint).or_insert(0);
            *next += 1;
            assert_eq!(seq, *next, "of {complaint}");
        }
    }
}

/// All of the feed.
pub(crate) fn all(api: &Client) -> Vec<Value> {
    let mut reader = Reader::new();
    reader.finish(api);
    reader.seen
}

#[test]
fn every_reader_sees_every_event_once_and_in_one_order() {
    const WRITERS: usize = 8;
    let firm = Firm::new();
    let (written, over) = (Mutex::new(BTreeSet::new()), AtomicBool::new(false));
    let mut readers: Vec<Reader> = thread::scope(|threads| {
        let readers: Vec<_> = ["limit=7&wait=1", "limit=50&wait=5"]
            .into_iter()
            .map(|query| {
                let (api, over) = (firm.inner().apart(), &over);
                threads.spawn(move || {
                    let mut reader = Reader::new();
                    loop {
                        let last = over.load(Ordering::SeqCst);
                        let more = reader.take(&api.get(&reader.path(query)).expect(200));
                        if last && !more {
                            return reader;
                        }
                    }
                })
            })
            .collect();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (api, written) = (firm.inner().apart(), &written);
                threads.spawn(move || {
                    for nth in 0..6 {
                        let slot = u8::from((writer + nth) % 2 == 0);
                        let call = api.call("POST", "/v1/complaints").idempotency_key(&key_for(slot, 2));
                        let mut made = call.json(&complaint(json!({}))).send().expect(201);
                        let id = made.id().to_owned();
                        written.lock().unwrap().insert((id.clone(), made.version()));
                        for _ in 0..3 {
                            let path = format!("/v1/complaints/{id}/note");
                            made = api.post_on(made.version(), &path, &json!({ "text": "Called." })).expect(200);
                            written.lock().unwrap().insert((id.clone(), made.version()));
                        }
                    }
                })
            })
            .collect();
        writers.into_iter().for_each(|writer| writer.join().expect("it writes"));
        over.store(true, Ordering::SeqCst);
        readers.into_iter().map(|reader| reader.join().expect("it reads")).collect()
    });
    let written = written.into_inner().unwrap();
    assert_eq!(written.len(), WRITERS * 6 * 4);
    for reader in &mut readers {
        reader.finish(&firm.api);
        reader.is_whole();
        let seen: BTreeSet<_> = reader.events().into_iter().map(|(id, seq)| (id.to_owned(), seq)).collect();
        assert_eq!(seen, written);
    }
    let [first, second] = &readers[..] else { panic!("two readers") };
    assert_eq!(first.seen, second.seen);
    assert_eq!(all(&firm.api), first.seen);
    // From each place that a reader has been at, what follows is what followed.
    for (place, seen) in &first.places {
        let page = firm.api.get(&format!("/v1/changes?limit=200&since={place}")).expect(200);
        let rest = &first.seen[*seen..];
        assert_eq!(page.data(), &rest[..rest.len().min(200)]);
    }
    // An event is shown as its complaint's own list shows it.
    let id = first.seen[0]["complaint"].as_str().unwrap();
    let own = firm.api.get(&format!("/v1/complaints/{id}/events")).expect(200);
    let of_it = first.seen.iter().filter(|change| change["complaint"] == id).map(|change| &change["event"]);
    assert!(own.data().iter().eq(of_it));
}

#[test]
fn whoever_waits_hears_of_it_soon() {
    let firm = Firm::new();
    let mut reader = Reader::new();
    reader.take(&firm.api.get("/v1/changes?since=latest").expect(200));
    assert!(reader.seen.is_empty());
    for slot in [0, 1, 1, 0] {
        let api = firm.inner();
        let path = reader.path("wait=20");
        let (page, heard, answered, logged) = thread::scope(|threads| {
            let waiting = threads.spawn(|| (api.get(&path).expect(200), Instant::now()));
            // Long enough for the pauses between looks to have grown.
            thread::sleep(Duration::from_millis(2_500));
            let logged = firm.log_in(slot, json!({}));
            let answered = Instant::now();
            let (page, heard) = waiting.join().expect("it is answered");
            (page, heard, answered, logged)
        });
        let took = heard.saturating_duration_since(answered);
        println!("slot {slot}: heard of after {took:?}");
        assert!(took < WOKEN, "heard of only after {took:?}");
        assert!(!reader.take(&page));
        assert_eq!(reader.events().last(), Some(&(logged.id(), 1)));
    }
    // Nothing new: an answer without events, which leads to the same place, when the time is over and not much later.
    for (wait, least, most) in [(0, 0, 1_000), (2, 2_000, 3_500)] {
        let begun = Instant::now();
        let page = firm.inner().get(&reader.path(&format!("wait={wait}"))).expect(200);
        let took = begun.elapsed().as_millis();
        assert!((least..most).contains(&took), "{took} ms for {wait} s");
        assert_eq!((page.data().len(), &page.body["has_more"]), (0, &json!(false)));
        assert_eq!(Some(page.text_of("next")), reader.cursor.as_deref());
    }
    // What is there is answered at once.
    let begun = Instant::now();
    assert_eq!(firm.inner().get("/v1/changes?wait=20").expect(200).data(), reader.seen);
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[test]
fn whoever_is_not_welcome_any_more_hears_nothing() {
    let firm = Firm::new();
    let issued = firm.issue(json!({}));
    let waiting = firm.client(&issued).at(&crate::client::STACK.inner_url);
    thread::scope(|threads| {
        let waiting = threads.spawn(|| waiting.get("/v1/changes?wait=20"));
        thread::sleep(Duration::from_millis(500));
        firm.operator.post(&firm.path(&format!("/keys/{}/revoke", issued.id())), &json!({})).expect(200);
        thread::sleep(Duration::from_millis(2_000));
        firm.log(json!({}));
        waiting.join().expect("it is answered").problem(401, "unauthenticated");
    });
}

#[test]
fn a_feed_is_a_tenants_own() {
    let (mine, theirs) = (Firm::new(), Firm::new());
    theirs.log_in(0, json!({}));
    theirs.log_in(1, json!({}));
    let cursor = theirs.api.get("/v1/changes?limit=1").expect(200).text_of("next").to_owned();
    assert_eq!(theirs.api.get(&format!("/v1/changes?since={cursor}")).expect(200).data().len(), 1);
    let page = mine.api.get("/v1/changes").expect(200);
    assert_eq!((page.data().len(), &page.body["has_more"]), (0, &json!(false)));
    mine.logged();
    assert_eq!(all(&mine.api).len(), 1);

    let tenant = mine.id.parse().unwrap();
    let beyond = Place(2).seal(tenant);
    let far = Place(u64::MAX).seal(tenant);
    let other = mine.api.get("/v1/complaints?limit=1").expect(200);
    let of_a_list = other.body["next"].as_str().unwrap_or("AAAA");
    for wrong in [cursor.as_str(), &beyond, &far, of_a_list, "", "1", "newest", "%00", &"A".repeat(600)] {
        mine.api.get(&format!("/v1/changes?since={wrong}")).problem(400, "invalid_cursor");
    }
    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("wait=21", "wait"),
        ("wait=soon", "wait"),
        ("cursor=x", "cursor"),
        ("limit=1&limit=1", "limit"),
    ] {
        let refused = mine.api.get(&format!("/v1/changes?{query}")).problem(400, "invalid_parameter");
        assert_eq!(refused.pointers(), [name], "{query}");
    }
    let writer = mine.key(&["complaints:write"]);
    writer.get("/v1/changes").problem(403, "forbidden");
}

/// A page is built in memory.
#[test]
fn long_events_make_short_pages() {
    for (firm, slots) in [(Firm::small(), 1), (Firm::new(), 2)] {
        let logged: Vec<Answer> =
            (0..24).map(|nth| firm.log_in(nth % slots, json!({ "description": "😀".repeat(50_000) }))).collect();
        let first = firm.api.get("/v1/changes?limit=200").expect(200);
        assert!(first.text.len() < 6_000_000 && (1..24).contains(&first.data().len()), "{}", first.data().len());
        assert_eq!(first.body["has_more"], true);
        let mut reader = Reader::new();
        reader.finish(&firm.api);
        reader.is_whole();
        let seen: BTreeSet<_> = reader.events().into_iter().collect();
        assert_eq!(seen, logged.iter().map(|logged| (logged.id(), 1)).collect());
    }
}

#[test]
fn a_place_stays_good_while_a_tenant_grows() {
    let firm = Firm::small();
    let mut reader = Reader::new();
    for _ in 0..3 {
        firm.logged();
    }
    reader.take(&firm.api.get(&reader.path("limit=2")).expect(200));
    let shards = format!("/v1/tenants/{}/shards", firm.id);
    firm.operator.post_on(1, &shards, &json!({ "shard": 1 })).expect(200);
    let there = within(SOON, "new complaints reach the new shard", || {
        let logged = firm.log_in(1, json!({}));
        let slot = u8::from_str_radix(&logged.id()[logged.id().len() - 2..], 16).unwrap() & 31;
        (slot == 1).then(|| logged.id().to_owned())
    });
    within(SOON, "everybody knows the new shard", || {
        reader.finish(&firm.api);
        reader.events().contains(&(there.as_str(), 1)).then_some(())
    });
    reader.is_whole();
    assert_eq!(all(&firm.api), reader.seen);
}
