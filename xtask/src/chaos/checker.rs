//! What is to hold in the end, decided from what clients were answered and what is there. Nothing of the product helps: chains are hashed,
//! complaints counted and messages matched here anew. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::ledger::{Entry, What, markers};
use super::receiver::Heard;
use super::stored::{Complaint, Event, Stored};

/// What is known when all is quiet.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The clients' log.
    pub ledger: Vec<Entry>,
    /// What is on the disk.
    pub stored: Stored,
    /// What each firm is shown.
    pub seen: Vec<Seen>,
    /// What the firms' systems were told.
    pub heard: Vec<Heard>,
}

/// What a firm is shown by the API.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The firm.
    pub tenant: String,
    /// `data` of its counts.
    pub counts: Value,
    /// The total of its counts.
    pub total: u64,
    /// Its views: filter and count.
    pub views: Vec<(String, Value)>,
    /// Its change feed: number, complaint, number of the event, hash.
    pub feed: Vec<(u64, String, u64, String)>,
    /// The ids in its list of all complaints.
    pub listed: Vec<String>,
}

/// Something that is to hold, of how much it was looked at, and where it does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What is to hold.
    pub says: &'static str,
    /// Of how many it was looked at.
    pub checked: u64,
    /// Where it does not hold.
    pub broken: Vec<String>,
}

impl Claim {
    fn new(says: &'static str) -> Claim {
        Claim { says, checked: 0, broken: Vec::new() }
    }

    fn expect(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        self.checked += 1;
        if !holds {
            self.broken.push(otherwise());
        }
    }
}

/// Checks everything.
pub fn check(evidence: &Evidence) -> Vec<Claim> {
    let index = Index::of(evidence);
    vec![
        index.everything_is_settled(),
        index.nothing_is_refused_without_reason(),
        index.logged_is_there(),
        index.commands_are_there(),
        index.nothing_is_doubled(),
        index.nothing_came_of_itself(),
        index.reads_find_what_was_acknowledged(),
        index.repeats_are_answered_alike(),
        index.chains_verify(),
        index.folds_follow_from_events(),
        index.feeds_are_whole(),
        index.lists_are_whole(),
        index.spool_is_empty(),
        index.outbox_is_empty(),
        index.everything_is_told(),
        index.poison_is_buried(),
        index.dead_letters_are_known(),
        index.webhooks_are_delivered(),
        index.webhooks_tell_what_happened(),
        index.jobs_are_done(),
        index.counts_are_exact(),
        index.views_are_exact(),
        index.storage_is_exact(),
    ]
}

/// A complaint of a firm.
type Case<'e> = (&'e str, &'e str);

struct Asked<'e> {
    tenant: &'e str,
    what: What,
    complaint: Option<&'e str>,
}

struct Answer<'e> {
    status: u16,
    id: Option<&'e str>,
    reference: Option<&'e str>,
    version: Option<u64>,
    code: &'e str,
}

/// An event, read.
struct Told<'e> {
    event: &'e Event,
    value: Value,
}

impl Told<'_> {
    fn kind(&self) -> &str {
        self.value["type"].as_str().unwrap_or_default()
    }

    /// The requests that have written it.
    fn marks(&self) -> Vec<u64> {
        markers(&self.value["data"].to_string())
    }
}

struct Index<'e> {
    evidence: &'e Evidence,
    asked: BTreeMap<u64, Asked<'e>>,
    answered: BTreeMap<u64, Answer<'e>>,
    complaints: BTreeMap<Case<'e>, &'e Complaint>,
    /// What complaints were promised to be called besides: the reference, and the complaint.
    promised: BTreeMap<Case<'e>, (&'e str, Case<'e>)>,
    events: BTreeMap<Case<'e>, BTreeMap<u64, Told<'e>>>,
    /// Which event carries which request's marker: kinds that may carry one.
    marked: BTreeMap<u64, Vec<(Case<'e>, u64)>>,
}

impl<'e> Index<'e> {
    fn of(evidence: &'e Evidence) -> Index<'e> {
        let (mut asked, mut answered) = (BTreeMap::new(), BTreeMap::new());
        for entry in &evidence.ledger {
            match entry {
                Entry::Asked { op, tenant, what, complaint } => {
                    asked.insert(*op, Asked { tenant, what: *what, complaint: complaint.as_deref() });
                }
                Entry::Answered { op, status, id, reference, version, code, .. } => {
                    let (id, reference) = (id.as_deref(), reference.as_deref());
                    let code = code.as_deref().unwrap_or_default();
                    answered.insert(*op, Answer { status: *status, id, reference, version: *version, code });
                }
                _ => {}
            }
        }
        let complaints = evidence.stored.complaints.iter().map(|one| ((&*one.tenant, &*one.id), one)).collect();
        let promised = evidence.stored.promised.iter();
        let promised =
            promised.map(|[tenant, id, reference, is]| ((&**tenant, &**id), (&**reference, (&**tenant, &**is))));
        let promised = promised.collect();
        let mut events = BTreeMap::<Case<'_>, BTreeMap<u64, Told<'_>>>::new();
        let mut marked = BTreeMap::<u64, Vec<(Case<'_>, u64)>>::new();
        for event in &evidence.stored.events {
            let case = (&*event.tenant, &*event.complaint);
            let told = Told { event, value: serde_json::from_str(&event.body).unwrap_or_default() };
            if is_marked(told.kind()) {
                for op in told.marks() {
                    marked.entry(op).or_default().push((case, event.seq));
                }
            }
            events.entry(case).or_default().insert(event.seq, told);
        }
        Index { evidence, asked, answered, complaints, promised, events, marked }
    }

    fn told(&self) -> impl Iterator<Item = (Case<'e>, u64, &Told<'e>)> {
        self.events.iter().flat_map(|(case, events)| events.iter().map(|(seq, told)| (*case, *seq, told)))
    }

    /// Requests of some kinds that were done, as their answers say.
    fn done(&self, kinds: &[What]) -> impl Iterator<Item = (u64, &Asked<'e>, &Answer<'e>)> {
        self.answered.iter().filter_map(move |(op, answer)| {
            let asked = self.asked.get(op)?;
            (kinds.contains(&asked.what) && answer.status < 300).then_some((*op, asked, answer))
        })
    }

    /// An import tells nobody.
    fn is_imported(&self, case: Case<'_>) -> bool {
        let first = self.events.get(&case).and_then(|events| events.get(&1));
        let marks = first.map(Told::marks).unwrap_or_default();
        marks.iter().any(|op| self.asked.get(op).is_some_and(|asked| asked.what == What::Row))
    }

    /// The events that others are to hear of.
    fn to_tell(&self) -> impl Iterator<Item = (Case<'e>, u64, &Told<'e>)> {
        self.told().filter(|(case, seq, _)| *seq > 1 || !self.is_imported(*case))
    }

    fn everything_is_settled(&self) -> Claim {
        let mut claim = Claim::new("every request was answered in the end");
        for (op, asked) in &self.asked {
            claim.expect(self.answered.contains_key(op), || format!("{op} ({:?}) was never answered", asked.what));
        }
        claim
    }

    fn nothing_is_refused_without_reason(&self) -> Claim {
        let mut claim = Claim::new("nothing was refused that ought to be done");
        for (op, asked) in &self.asked {
            let Some(answer) = self.answered.get(op) else { continue };
            // A job may have been at work on the same complaint; what waits in the spool is not there yet.
            let expected = answer.status < 300
                || (answer.code == "precondition_failed" && asked.complaint.is_some())
                || asked.what == What::Read;
            claim.expect(expected, || {
                let Asked { what, complaint, .. } = asked;
                format!("{op} ({what:?} of {complaint:?}) was refused: {} {}", answer.status, answer.code)
            });
        }
        claim
    }

    fn logged_is_there(&self) -> Claim {
        let mut claim = Claim::new("every acknowledged complaint is there, as it was called: none lost");
        for (op, asked, answer) in self.done(&[What::Log, What::Row]) {
            let id = answer.id.unwrap_or_default();
            let mut case = (asked.tenant, id);
            let mut called = self.complaints.get(&case).map(|found| found.reference.as_str());
            if let Some((reference, is)) = self.promised.get(&case).filter(|_| called.is_none()) {
                (case, called) = (*is, Some(*reference));
            }
            let is_its = self.marked.get(&op).is_some_and(|marked| marked.contains(&(case, 1)));
            let is_called = called.is_some_and(|called| answer.reference.is_none_or(|said| said == called));
            claim.expect(is_its && is_called, || {
                let instead: Vec<String> =
                    self.marked.get(&op).into_iter().flatten().map(|((_, id), seq)| format!("{id} {seq}")).collect();
                let (status, reference) = (answer.status, answer.reference.unwrap_or_default());
                format!("{op}: {status} said {id} {reference} of {}; there is {instead:?}", asked.tenant)
            });
        }
        claim
    }

    fn commands_are_there(&self) -> Claim {
        let mut claim = Claim::new("every acknowledged command is the event that its answer named: none lost");
        let mut versions = BTreeMap::new();
        for (op, asked, answer) in
            self.done(&[What::Note, What::Assign, What::Contact, What::Attach, What::Acknowledge])
        {
            let case = (asked.tenant, asked.complaint.unwrap_or_default());
            let version = answer.version.unwrap_or_default();
            let event = self.events.get(&case).and_then(|events| events.get(&version));
            // Who is given an acknowledged complaint investigates it: an assignment is two events then.
            let event = match event {
                Some(told) if asked.what == What::Assign && told.kind() == "investigation_started" => {
                    self.events.get(&case).and_then(|events| events.get(&version.saturating_sub(1)))
                }
                event => event,
            };
            let is_it = event.is_some_and(|told| {
                Some(told.kind()) == asked.what.event()
                    && (asked.what == What::Acknowledge || told.marks().contains(&op))
            });
            claim.expect(is_it, || {
                let found = event.map_or("nothing", Told::kind);
                format!("{op} ({:?}) of {} said version {version}, which is {found}", asked.what, case.1)
            });
            if let Some(other) = versions.insert((case, version), op) {
                claim
                    .broken
                    .push(format!("{op} and {other} were both told that they made version {version} of {}", case.1));
            }
        }
        claim
    }

    fn nothing_is_doubled(&self) -> Claim {
        let mut claim = Claim::new("no request did anything twice: none doubled");
        for (op, at) in &self.marked {
            claim.expect(at.len() == 1, || format!("{op} is there {} times: {at:?}", at.len()));
        }
        claim
    }

    fn nothing_came_of_itself(&self) -> Claim {
        let mut claim = Claim::new("everything that is there was asked for, and not refused");
        for (case, seq, told) in self.told() {
            let kind = told.kind();
            let by_time = told.value["actor"]["kind"] == "system";
            let by_job = kind == "classified" && told.value["actor"]["job"].is_string();
            let of = |what: What, asked: &Asked<'_>| asked.what == what && asked.complaint == Some(case.1);
            let asked = match kind {
                "acknowledged" => self.asked.values().any(|asked| of(What::Acknowledge, asked)),
                // By the assignment before it.
                "investigation_started" => self
                    .events
                    .get(&case)
                    .and_then(|events| events.get(&seq.saturating_sub(1)))
                    .is_some_and(|before| before.kind() == "assigned"),
                _ => told.marks().first().is_some_and(|op| {
                    let asked = self.asked.get(op);
                    let done = self.answered.get(op).is_none_or(|answer| answer.status < 300);
                    asked.is_some_and(|asked| asked.tenant == case.0 && asked.what.event() == Some(kind)) && done
                }),
            };
            claim.expect(by_time || by_job || asked, || format!("{kind} {seq} of {} was asked for by nobody", case.1));
        }
        claim
    }

    fn reads_find_what_was_acknowledged(&self) -> Claim {
        let mut claim = Claim::new("a read found what was acknowledged before it");
        // In the order of the ledger: what was sure when it was read.
        let mut sure = BTreeMap::<Case<'_>, u64>::new();
        for entry in &self.evidence.ledger {
            let Entry::Answered { op, status, id, version, .. } = entry else { continue };
            let Some(asked) = self.asked.get(op) else { continue };
            let complaint = asked.complaint.or(id.as_deref()).unwrap_or_default();
            let case = (asked.tenant, complaint);
            if let Some(least) = sure.get(&case).filter(|_| asked.what == What::Read) {
                let found = *status == 200 && version.is_some_and(|version| version >= *least);
                claim.expect(found, || {
                    format!("{complaint} at {least} or later was read as {status}, version {version:?}")
                });
            }
            if let (200 | 201, Some(version), true) = (*status, *version, asked.what != What::Bulk) {
                let least = sure.entry(case).or_default();
                *least = version.max(*least);
            }
        }
        claim
    }

    fn repeats_are_answered_alike(&self) -> Claim {
        let mut claim = Claim::new("a request that was sent once more got the answer it had, and did nothing");
        for entry in &self.evidence.ledger {
            let Entry::Repeated { op, status, replayed, id, version } = entry else { continue };
            let Some(first) = self.answered.get(op) else { continue };
            let tenant = self.asked.get(op).map_or("", |asked| asked.tenant);
            let promised = first.id.and_then(|id| self.promised.get(&(tenant, id))).map(|(_, (_, is))| *is);
            let alike = *replayed && *status < 300 && (id.as_deref() == first.id || id.as_deref() == promised);
            // What was accepted is logged now.
            let alike = alike && (first.status == 202 || *version == first.version);
            claim.expect(alike, || {
                let replayed = if *replayed { "again" } else { "anew" };
                let (first_id, first_version) = (first.id, first.version);
                format!("{op}: {status} {replayed} {id:?} at {version:?}; it was {first_id:?} at {first_version:?}")
            });
        }
        claim
    }

    fn chains_verify(&self) -> Claim {
        let mut claim = Claim::new("every chain verifies, event by event");
        for ((tenant, complaint), events) in &self.events {
            let mut head = "0".repeat(64);
            for (expected, (seq, told)) in (1..).zip(events) {
                let whole = chained(&told.value, &head, &told.event.hash, (tenant, complaint), expected);
                claim.expect(whole.is_ok() && *seq == expected, || {
                    format!("event {expected} of {complaint}: {}", whole.err().unwrap_or("is missing"))
                });
                head.clone_from(&told.event.hash);
            }
        }
        claim
    }

    fn folds_follow_from_events(&self) -> Claim {
        let mut claim = Claim::new("every complaint is at the version of its last event");
        for (case, complaint) in &self.complaints {
            let events = self.events.get(case).map_or(0, BTreeMap::len) as u64;
            let shown = complaint.doc["version"].as_u64();
            claim.expect(complaint.version == events && shown == Some(events), || {
                format!("{} is at {}, shows {shown:?} and has {events} events", case.1, complaint.version)
            });
        }
        for case in self.events.keys() {
            claim.expect(self.complaints.contains_key(case), || format!("{} has events and is not there", case.1));
        }
        claim
    }

    fn feeds_are_whole(&self) -> Claim {
        let mut claim = Claim::new("the change feed has every event once, numbered without a gap");
        for seen in &self.evidence.seen {
            let mut left: BTreeMap<(&str, u64), &str> = self
                .told()
                .filter(|(case, ..)| case.0 == seen.tenant)
                .map(|(case, seq, told)| ((case.1, seq), &*told.event.hash))
                .collect();
            for (expected, (number, complaint, seq, hash)) in (1..).zip(&seen.feed) {
                let is_new = left.remove(&(complaint.as_str(), *seq)) == Some(hash);
                claim.expect(is_new && *number == expected, || {
                    format!("{number} (not {expected}): event {seq} of {complaint} is no event, or was there before")
                });
            }
            let lost = left.keys().map(|(complaint, seq)| format!("event {seq} of {complaint} is not in the feed"));
            claim.broken.extend(lost);
        }
        claim
    }

    fn lists_are_whole(&self) -> Claim {
        let mut claim = Claim::new("the list has every complaint once");
        for seen in &self.evidence.seen {
            let mut left: BTreeSet<&str> =
                self.complaints.keys().filter(|case| case.0 == seen.tenant).map(|case| case.1).collect();
            for id in &seen.listed {
                claim.expect(left.remove(id.as_str()), || format!("{id} is listed twice, or is not there"));
            }
            claim.broken.extend(left.into_iter().map(|id| format!("{id} is not listed")));
        }
        claim
    }

    fn spool_is_empty(&self) -> Claim {
        let mut claim = Claim::new("the spool is empty, and what was accepted is logged");
        let accepted = self.done(&[What::Log]).filter(|(_, _, answer)| answer.status == 202).count();
        claim.checked = accepted as u64;
        let waits = self.evidence.stored.objects.iter().filter(|key| key.contains("spool/"));
        claim.broken.extend(waits.map(|key| format!("{key} still waits")));
        claim
    }

    fn outbox_is_empty(&self) -> Claim {
        let mut claim = Claim::new("no outbox row is left");
        claim.checked = self.to_tell().count() as u64;
        claim.broken.extend(self.evidence.stored.outbox.iter().map(|message| format!("left: {message}")));
        claim
    }

    /// Complaints and events that dead letters which nobody has replayed speak of.
    fn given_up(&self) -> BTreeSet<(String, u64)> {
        let open = self.evidence.stored.dead_letters.iter().filter(|(_, replayed)| !replayed);
        open.flat_map(|(message, _)| {
            let value: Value = serde_json::from_str(message).unwrap_or_default();
            let complaint = value["complaint"].as_str().unwrap_or_default().to_owned();
            let seqs: Vec<u64> =
                value["events"].as_array().into_iter().flatten().filter_map(|one| one["seq"].as_u64()).collect();
            seqs.into_iter().map(move |seq| (complaint.clone(), seq))
        })
        .collect()
    }

    fn everything_is_told(&self) -> Claim {
        let mut claim = Claim::new("every event is recorded as one to tell, or in a dead letter");
        let told: BTreeSet<(&str, u64)> = self
            .evidence
            .stored
            .deliveries
            .iter()
            .filter(|(.., audience)| audience == "tenant")
            .map(|(_, complaint, seq, _)| (&**complaint, *seq))
            .collect();
        let given_up = self.given_up();
        for (case, seq, event) in self.to_tell() {
            let settled = told.contains(&(case.1, seq)) || given_up.contains(&(case.1.to_owned(), seq));
            claim.expect(settled, || format!("{} {seq} of {} was told to nobody", event.kind(), case.1));
        }
        for (tenant, complaint, seq, _) in &self.evidence.stored.deliveries {
            let is_event =
                self.events.get(&(tenant.as_str(), complaint.as_str())).is_some_and(|of| of.contains_key(seq));
            claim.expect(is_event, || format!("event {seq} of {complaint} is to be told and is none"));
        }
        claim
    }

    fn poison_is_buried(&self) -> Claim {
        let mut claim = Claim::new("every message that nobody can act on is a dead letter");
        for entry in &self.evidence.ledger {
            // The local queues live in memory: what was on them when the runtime died is nowhere.
            let Entry::Poisoned { message, lasts: true, .. } = entry else { continue };
            let buried = self.evidence.stored.dead_letters.iter().any(|(letter, _)| letter == message);
            claim.expect(buried, || format!("{message} is nowhere"));
        }
        claim
    }

    fn dead_letters_are_known(&self) -> Claim {
        let mut claim =
            Claim::new("every dead letter is poison, or a message that was given up while something failed");
        let poison: BTreeSet<&str> = self
            .evidence
            .ledger
            .iter()
            .filter_map(|entry| match entry {
                Entry::Poisoned { message, .. } => Some(&**message),
                _ => None,
            })
            .collect();
        for (letter, _) in &self.evidence.stored.dead_letters {
            let value: Value = serde_json::from_str(letter).unwrap_or_default();
            let case = (value["tenant"].as_str().unwrap_or_default(), value["complaint"].as_str().unwrap_or_default());
            let of_ours = self.complaints.contains_key(&case);
            let turn =
                ["webhooks/1 ", "spool/1", "scan/1 ", "clocks/1 ", "bulk/1 "].iter().any(|is| letter.starts_with(is));
            let of_job = self.evidence.stored.jobs.iter().any(|job| letter.contains(&job.id));
            claim.expect(poison.contains(&**letter) || of_ours || turn || of_job, || format!("unknown: {letter}"));
        }
        claim
    }

    fn webhooks_are_delivered(&self) -> Claim {
        let mut claim = Claim::new("every event that an endpoint is to hear of is one message, which it has taken");
        let mut messages = BTreeMap::<(&str, &str, u64), &str>::new();
        for message in &self.evidence.stored.messages {
            let key = (&*message.endpoint, &*message.complaint, message.seq);
            if messages.insert(key, &message.state).is_some() {
                claim.broken.push(format!("event {} of {} is two messages", message.seq, message.complaint));
            }
        }
        let taken: BTreeSet<(&str, u64)> = self
            .evidence
            .heard
            .iter()
            .filter(|heard| (200..300).contains(&heard.status))
            .map(|heard| (&*heard.complaint, heard.seq))
            .collect();
        let given_up = self.given_up();
        for entry in &self.evidence.ledger {
            let Entry::Firm { tenant, endpoint, events, .. } = entry else { continue };
            for (case, seq, told) in self.to_tell().filter(|(case, ..)| case.0 == tenant) {
                if !events.is_empty() && !events.iter().any(|kind| kind == told.kind()) {
                    continue;
                }
                if given_up.contains(&(case.1.to_owned(), seq)) {
                    continue;
                }
                let state = messages.get(&(endpoint.as_str(), case.1, seq)).copied().unwrap_or("no message");
                let heard = taken.contains(&(case.1, seq));
                claim.expect(state == "delivered" && heard, || {
                    format!("{} {seq} of {}: {state}, and heard: {heard}", told.kind(), case.1)
                });
            }
        }
        claim
    }

    fn webhooks_tell_what_happened(&self) -> Claim {
        let mut claim = Claim::new("whatever an endpoint was told had happened, under one id");
        let events: BTreeSet<(&str, u64)> = self.told().map(|(case, seq, _)| (case.1, seq)).collect();
        let mut ids = BTreeMap::new();
        for heard in &self.evidence.heard {
            let of = (&*heard.complaint, heard.seq);
            let id = *ids.entry(of).or_insert(&*heard.message);
            claim.expect(events.contains(&of) && id == heard.message, || {
                format!("{} says event {} of {}: none, or one called {id}", heard.message, heard.seq, heard.complaint)
            });
        }
        claim
    }

    fn jobs_are_done(&self) -> Claim {
        let mut claim = Claim::new("every acknowledged job is over and has changed each complaint once");
        for (op, _, answer) in self.done(&[What::Bulk]) {
            let id = answer.id.unwrap_or_default();
            let Some(job) = self.evidence.stored.jobs.iter().find(|job| job.id == id) else {
                claim.expect(false, || format!("{op}: the job {id} is not there"));
                continue;
            };
            let mut changed = BTreeMap::<Case<'_>, u64>::new();
            for (case, _, told) in self.told().filter(|(_, _, told)| told.value["actor"]["job"] == id) {
                *changed.entry(case).or_default() += 1;
                debug_assert_eq!(told.kind(), "classified");
            }
            let once = changed.values().all(|times| *times == 1);
            let counted = job.succeeded == changed.len() as u64 && job.succeeded + job.others == job.selected;
            claim.expect(!job.open && once && counted, || format!("{op}: {job:?} has changed {changed:?}"));
        }
        claim
    }

    fn counts_are_exact(&self) -> Claim {
        let mut claim = Claim::new("every counter is what counting anew gives");
        let mut counted = BTreeMap::<(&str, &str, String), i64>::new();
        for complaint in self.complaints.values() {
            for facet in ["state", "product", "assignee", "team"] {
                // What is open and nobody works on is counted under the empty name.
                let over = ["resolved", "closed", "withdrawn", "referred"];
                let waits = facet == "assignee" && !over.iter().any(|state| complaint.doc["state"] == **state);
                if let Some(value) = complaint.doc[facet].as_str().or(waits.then_some("")) {
                    *counted.entry((&complaint.tenant, facet, value.to_owned())).or_default() += 1;
                }
            }
            if let Some(day) = &complaint.due_on {
                *counted.entry((&complaint.tenant, "due", day.clone())).or_default() += 1;
            }
        }
        let mut stored = BTreeMap::<(&str, &str, String), i64>::new();
        for (tenant, facet, value, n) in &self.evidence.stored.counts {
            *stored.entry((tenant, facet, value.clone())).or_default() += n;
        }
        let keys: BTreeSet<_> = counted.keys().chain(stored.keys()).cloned().collect();
        for key in keys {
            let [counted, stored] = [&counted, &stored].map(|of| of.get(&key).copied().unwrap_or_default());
            claim.expect(counted == stored, || format!("{key:?} is counted as {stored}, and is {counted}"));
        }
        for seen in &self.evidence.seen {
            let all = self.complaints.keys().filter(|case| case.0 == seen.tenant).count() as u64;
            claim.expect(seen.total == all, || {
                format!("{} is told of {} complaints, and has {all}", seen.tenant, seen.total)
            });
            for (state, n) in seen.counts["state"].as_object().into_iter().flatten() {
                let is = counted.get(&(&*seen.tenant, "state", state.clone())).copied().unwrap_or_default();
                claim
                    .expect(n.as_i64() == Some(is), || format!("{} is told of {n} {state}, and has {is}", seen.tenant));
            }
        }
        claim
    }

    fn views_are_exact(&self) -> Claim {
        let mut claim = Claim::new("every saved view counts what it shows");
        for seen in &self.evidence.seen {
            for (filter, count) in &seen.views {
                let shown = self.complaints.values().filter(|one| one.tenant == seen.tenant && shows(filter, &one.doc));
                let shown = shown.count() as u64;
                claim.expect(count["n"] == shown && count["exact"] == true, || {
                    format!("`{filter}` of {} counts {count}, and shows {shown}", seen.tenant)
                });
            }
        }
        claim
    }

    fn storage_is_exact(&self) -> Claim {
        let mut claim = Claim::new("the bytes of files are summed up exactly, and every attachment is in the bucket");
        let mut sums = BTreeMap::<&str, i64>::new();
        for (tenant, bytes) in &self.evidence.stored.files {
            *sums.entry(tenant).or_default() += bytes;
        }
        let stored: BTreeMap<&str, i64> =
            self.evidence.stored.storage.iter().map(|(tenant, bytes)| (&**tenant, *bytes)).collect();
        claim.expect(sums == stored, || format!("files have {sums:?}, and {stored:?} is counted"));
        for complaint in self.complaints.values() {
            for file in complaint.doc["attachments"].as_array().into_iter().flatten() {
                let id = file["id"].as_str().unwrap_or("?");
                let kept = self.evidence.stored.objects.iter().any(|key| key.contains(id));
                claim.expect(kept, || format!("the file {id} of {} is not in the bucket", complaint.id));
            }
        }
        claim
    }
}

/// Kinds of events that carry the marker of their request, and of no other.
fn is_marked(kind: &str) -> bool {
    [What::Log, What::Note, What::Assign, What::Contact, What::Attach].iter().any(|what| what.event() == Some(kind))
}

/// Whether a filter of one condition shows a complaint.
fn shows(filter: &str, doc: &Value) -> bool {
    match filter.split_once('=') {
        Some(("state", state)) => doc["state"] == state,
        Some(("tag", tag)) => doc["tags"].as_array().is_some_and(|tags| tags.iter().any(|one| one == tag)),
        _ => false,
    }
}

/// Whether an event, as it is kept, is the next one of a chain.
fn chained(event: &Value, head: &str, hash: &str, of: Case<'_>, seq: u64) -> Result<(), &'static str> {
    let Some(members) = event.as_object() else { return Err("is no event") };
    let pick = |names: &[&str]| -> BTreeMap<String, Value> {
        members
            .iter()
            .filter(|(name, _)| names.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    let content = digest(&canonical(&pick(&["data", "salt"]).into_iter().collect::<serde_json::Map<_, _>>().into()));
    let mut rest: BTreeMap<String, Value> = pick(&["actor", "at", "complaint", "prev", "seq", "tenant", "type", "v"]);
    if rest.len() + 2 != members.len() {
        return Err("has other members than an event");
    }
    rest.insert("content".to_owned(), content.into());
    let sealed = digest(&canonical(&rest.into_iter().collect::<serde_json::Map<_, _>>().into()));
    if sealed != hash {
        return Err("does not have the hash it carries");
    }
    if event["prev"] != head {
        return Err("does not follow the one before it");
    }
    if event["tenant"] != of.0 || event["complaint"] != of.1 || event["seq"] != seq {
        return Err("belongs elsewhere");
    }
    Ok(())
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Canonical JSON (RFC 8785), of what events hold: names in ASCII, whole numbers.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<&String, &Value> = members.iter().collect();
            let members: Vec<String> = sorted
                .into_iter()
                .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::{
        ledger::marker,
        stored::{Job, Message},
    };
    use serde_json::json;

    const FIRM: &str = "018bcfe5-6800-7202-8202-020202020202";
    const ONE: &str = "018bcfe5-6800-7303-8303-030303030300";
    const TWO: &str = "018bcfe5-6800-7303-8303-030303030301";
    const JOB: &str = "018bcfe5-6800-7404-8404-040404040404";
    const POISON: &str = "no message at all";

    fn event(complaint: &str, seq: u64, kind: &str, prev: &str, data: &Value, job: Option<&str>) -> Event {
        let mut actor = json!({ "id": "key-1", "kind": "key" });
        if let Some(job) = job {
            actor["job"] = json!(job);
        }
        let content = digest(&canonical(&json!({ "data": data, "salt": "00" })));
        let mut sealed = json!({ "actor": actor, "at": "2026-11-26T03:00:00.000Z", "complaint": complaint, "prev": prev,
            "seq": seq, "tenant": FIRM, "type": kind, "v": 1, "content": content });
        let hash = digest(&canonical(&sealed));
        sealed.as_object_mut().unwrap().remove("content");
        (sealed["data"], sealed["salt"]) = (data.clone(), json!("00"));
        let (tenant, complaint) = (FIRM.to_owned(), complaint.to_owned());
        Event { tenant, complaint, seq, body: canonical(&sealed), hash }
    }

    fn chain(complaint: &str, events: &[(&str, Value, Option<&str>)]) -> Vec<Event> {
        let mut chain: Vec<Event> = Vec::new();
        for (seq, (kind, data, job)) in (1..).zip(events) {
            let prev = chain.last().map_or_else(|| "0".repeat(64), |event| event.hash.clone());
            chain.push(event(complaint, seq, kind, &prev, data, *job));
        }
        chain
    }

    fn asked(op: u64, what: What, complaint: Option<&str>) -> Entry {
        Entry::Asked { op, tenant: FIRM.to_owned(), what, complaint: complaint.map(str::to_owned) }
    }

    fn answered(op: u64, status: u16, id: &str, reference: Option<&str>, version: Option<u64>) -> Entry {
        let (id, reference) = (Some(id.to_owned()), reference.map(str::to_owned));
        Entry::Answered { op, attempts: 1, status, replayed: false, id, reference, version, code: None }
    }

    /// Two complaints: one that was logged, noted and tagged by a job, one that was accepted and logged later, with a file. All is well.
    fn well() -> Evidence {
        let text = |op| json!({ "text": marker(op) });
        let mut events =
            chain(ONE, &[("received", text(1), None), ("noted", text(2), None), ("classified", json!({}), Some(JOB))]);
        events.extend(chain(TWO, &[("received", text(3), None), ("attachment_added", text(4), None)]));
        let complaint = |id: &str, reference: &str, version: u64, doc: Value| Complaint {
            tenant: FIRM.to_owned(),
            id: id.to_owned(),
            reference: reference.to_owned(),
            version,
            doc,
            due_on: None,
        };
        let message = |(complaint, seq): (&str, u64)| Message {
            tenant: FIRM.to_owned(),
            endpoint: "endpoint".to_owned(),
            complaint: complaint.to_owned(),
            seq,
            state: "delivered".to_owned(),
        };
        let all = [(ONE, 1), (ONE, 2), (ONE, 3), (TWO, 1), (TWO, 2)];
        let heard = |(complaint, seq): (&str, u64)| Heard {
            message: format!("msg {complaint} {seq}"),
            complaint: complaint.to_owned(),
            seq,
            status: 204,
        };
        let feed = (1..).zip(&events);
        let feed = feed.map(|(number, event)| (number, event.complaint.clone(), event.seq, event.hash.clone()));
        let seen = Seen {
            tenant: FIRM.to_owned(),
            counts: json!({ "state": { "received": 2 } }),
            total: 2,
            views: vec![("tag=storm".to_owned(), json!({ "n": 1, "exact": true }))],
            feed: feed.collect(),
            listed: vec![ONE.to_owned(), TWO.to_owned()],
        };
        let stored = Stored {
            complaints: vec![
                complaint(ONE, "STA-1", 3, json!({ "version": 3, "state": "received", "tags": ["storm"] })),
                complaint(
                    TWO,
                    "STA-2",
                    2,
                    json!({ "version": 2, "state": "received", "attachments": [{ "id": "file-1" }] }),
                ),
            ],
            events,
            deliveries: all.map(|(id, seq)| (FIRM.to_owned(), id.to_owned(), seq, "tenant".to_owned())).to_vec(),
            dead_letters: vec![(POISON.to_owned(), false)],
            counts: [("state", "received"), ("assignee", "")]
                .map(|(facet, value)| (FIRM.to_owned(), facet.to_owned(), value.to_owned(), 2))
                .to_vec(),
            messages: all.map(message).to_vec(),
            jobs: vec![Job { id: JOB.to_owned(), open: false, selected: 2, succeeded: 1, others: 1 }],
            files: vec![(FIRM.to_owned(), 7)],
            storage: vec![(FIRM.to_owned(), 7)],
            objects: vec!["tenant/files/file-1".to_owned()],
            ..Stored::default()
        };
        let (tenant, endpoint) = (FIRM.to_owned(), "endpoint".to_owned());
        let ledger = vec![
            Entry::Firm { tenant, endpoint, events: Vec::new(), views: vec!["tag=storm".to_owned()] },
            asked(1, What::Log, None),
            answered(1, 201, ONE, Some("STA-1"), Some(1)),
            asked(2, What::Note, Some(ONE)),
            Entry::Unsettled { op: 2, attempt: 1, why: "connection reset".to_owned() },
            answered(2, 200, ONE, Some("STA-1"), Some(2)),
            asked(3, What::Log, None),
            answered(3, 202, TWO, Some("STA-2"), None),
            asked(4, What::Attach, Some(TWO)),
            answered(4, 200, TWO, Some("STA-2"), Some(2)),
            asked(5, What::Bulk, None),
            answered(5, 202, JOB, None, None),
            asked(6, What::Read, Some(ONE)),
            answered(6, 200, ONE, Some("STA-1"), Some(3)),
            Entry::Poisoned { place: "outbox".to_owned(), message: POISON.to_owned(), lasts: true },
            Entry::Repeated { op: 2, status: 200, replayed: true, id: Some(ONE.to_owned()), version: Some(2) },
        ];
        Evidence { ledger, stored, seen: vec![seen], heard: all.map(heard).to_vec() }
    }

    /// What does not hold.
    fn broken(evidence: &Evidence) -> Vec<&'static str> {
        let claims = check(evidence);
        claims.into_iter().filter(|claim| !claim.broken.is_empty()).map(|claim| claim.says).collect()
    }

    /// That this change of what was well breaks the claim that says so.
    #[track_caller]
    fn breaks(says: &str, change: impl FnOnce(&mut Evidence)) {
        let mut evidence = well();
        change(&mut evidence);
        let broken = broken(&evidence);
        assert!(broken.iter().any(|claim| claim.contains(says)), "`{says}` is not among {broken:?}");
    }

    #[test]
    fn what_is_well_is_found_well_and_everything_was_looked_at() {
        let claims = check(&well());
        for claim in &claims {
            assert_eq!(claim.broken, [] as [String; 0], "{}", claim.says);
            assert!(claim.checked > 0, "{}", claim.says);
        }
    }

    #[test]
    fn a_lost_complaint_is_found() {
        breaks("complaint is there, as it was called", |all| {
            all.stored.complaints.retain(|one| one.id != ONE);
            all.stored.events.retain(|event| event.complaint != ONE);
        });
        breaks("complaint is there, as it was called", |all| all.stored.complaints[1].reference = "STA-9".to_owned());
        breaks("complaint is there, as it was called", |all| {
            all.ledger[7] = answered(3, 202, JOB, Some("STA-2"), None)
        });
        let promise = |is: &str, reference: &str| {
            let mut all = well();
            all.ledger[7] = answered(3, 202, JOB, Some("STA-3"), None);
            all.stored.promised = vec![[FIRM, JOB, reference, is].map(str::to_owned)];
            let claims = check(&all);
            let claim = claims.into_iter().find(|claim| claim.says.contains("as it was called")).expect("a claim");
            claim.broken.is_empty()
        };
        assert!(promise(TWO, "STA-3"), "it is called what was promised, besides");
        assert!(!promise(ONE, "STA-3") && !promise(TWO, "STA-4"));
    }

    #[test]
    fn a_lost_command_is_found() {
        breaks("command is the event", |all| all.ledger[5] = answered(2, 200, ONE, None, Some(4)));
        breaks("command is the event", |all| all.ledger[5] = answered(2, 200, ONE, None, Some(1)));
        breaks("command is the event", |all| {
            all.ledger.push(asked(7, What::Note, Some(ONE)));
            all.ledger.push(answered(7, 200, ONE, None, Some(2)));
        });
    }

    #[test]
    fn an_assignment_may_be_two_events_and_nothing_else_may() {
        let after = |kind: &str, what: What| {
            let mut all = well();
            let given = event(ONE, 4, kind, &all.stored.events[2].hash, &json!({ "text": marker(7) }), None);
            let begun = event(ONE, 5, "investigation_started", &given.hash, &json!({}), None);
            all.stored.events.extend([given, begun]);
            all.ledger.extend([asked(7, what, Some(ONE)), answered(7, 200, ONE, None, Some(5))]);
            let claims = ["command is the event", "was asked for"];
            let broken = broken(&all);
            claims.map(|says| broken.iter().any(|claim| claim.contains(says)))
        };
        assert_eq!(after("assigned", What::Assign), [false, false]);
        assert_eq!(after("noted", What::Note), [true, true]);
    }

    #[test]
    fn what_was_done_twice_is_found() {
        breaks("none doubled", |all| {
            let text = json!({ "text": marker(2) });
            let prev = all.stored.events[2].hash.clone();
            all.stored.events.push(event(ONE, 4, "noted", &prev, &text, None));
        });
        breaks("none doubled", |all| {
            let text = json!({ "text": marker(1) });
            all.stored.events.extend(chain(JOB, &[("received", text, None)]));
        });
        breaks("sent once more", |all| {
            all.ledger.push(Entry::Repeated {
                op: 1,
                status: 201,
                replayed: false,
                id: Some(TWO.to_owned()),
                version: Some(1),
            });
        });
    }

    #[test]
    fn what_nobody_asked_for_is_found() {
        let added = |all: &mut Evidence, kind: &str, data: &Value| {
            let prev = all.stored.events[2].hash.clone();
            all.stored.events.push(event(ONE, 4, kind, &prev, data, None));
        };
        breaks("was asked for", |all| added(all, "noted", &json!({ "text": marker(99) })));
        breaks("was asked for", |all| added(all, "acknowledged", &json!({})));
        breaks("was asked for", |all| {
            all.ledger.push(asked(8, What::Note, Some(ONE)));
            all.ledger.push(answered(8, 412, ONE, None, None));
            added(all, "noted", &json!({ "text": marker(8) }));
        });
    }

    #[test]
    fn unanswered_and_refused_requests_are_found() {
        breaks("answered in the end", |all| all.ledger.push(asked(9, What::Log, None)));
        breaks("nothing was refused", |all| {
            all.ledger.push(asked(9, What::Log, None));
            all.ledger.push(answered(9, 422, ONE, None, None));
        });
        breaks("a read found", |all| all.ledger[13] = answered(6, 404, ONE, None, None));
        breaks("a read found", |all| all.ledger[13] = answered(6, 200, ONE, None, Some(1)));
    }

    #[test]
    fn a_broken_chain_is_found() {
        breaks("every chain", |all| {
            let body = all.stored.events[1].body.replace(&marker(2), "something else");
            all.stored.events[1].body = body;
        });
        breaks("every chain", |all| drop(all.stored.events.remove(1)));
        breaks("every chain", |all| {
            // Sealed anew, but after another event.
            let text = json!({ "text": marker(2) });
            all.stored.events[1] = event(ONE, 2, "noted", &"1".repeat(64), &text, None);
        });
        breaks("the version of its last event", |all| all.stored.complaints[0].version = 4);
        breaks("the version of its last event", |all| all.stored.complaints[0].doc["version"] = json!(2));
    }

    #[test]
    fn a_feed_or_a_list_that_is_not_whole_is_found() {
        breaks("change feed", |all| drop(all.seen[0].feed.pop()));
        breaks("change feed", |all| all.seen[0].feed[1].0 = 7);
        breaks("change feed", |all| all.seen[0].feed[1] = all.seen[0].feed[0].clone());
        breaks("the list", |all| drop(all.seen[0].listed.pop()));
        breaks("the list", |all| all.seen[0].listed.push(ONE.to_owned()));
    }

    #[test]
    fn what_never_left_is_found() {
        breaks("spool is empty", |all| all.stored.objects.push(format!("spool/{ONE}/{FIRM}/00")));
        breaks("no outbox row", |all| all.stored.outbox.push("{}".to_owned()));
        breaks("recorded as one to tell", |all| drop(all.stored.deliveries.pop()));
        breaks("recorded as one to tell", |all| all.stored.deliveries[0].2 = 9);
        breaks("is a dead letter", |all| all.stored.dead_letters.clear());
        breaks("every dead letter", |all| all.stored.dead_letters.push(("who knows".to_owned(), false)));
    }

    #[test]
    fn what_a_dead_letter_speaks_of_is_not_lost() {
        let mut all = well();
        all.stored.deliveries.retain(|(_, id, seq, _)| (id.as_str(), *seq) != (ONE, 2));
        all.stored.messages.retain(|message| (message.complaint.as_str(), message.seq) != (ONE, 2));
        let letter = json!({ "tenant": FIRM, "complaint": ONE, "events": [{ "seq": 2, "kind": "noted" }] }).to_string();
        all.stored.dead_letters.push((letter, false));
        assert_eq!(broken(&all), [""; 0]);
        // Replayed, it is to be told.
        all.stored.dead_letters.last_mut().unwrap().1 = true;
        assert!(broken(&all).iter().any(|claim| claim.contains("recorded as one to tell")));
    }

    #[test]
    fn webhooks_that_did_not_come_or_say_what_is_not_are_found() {
        let delivered = "which it has taken";
        breaks(delivered, |all| drop(all.stored.messages.pop()));
        breaks(delivered, |all| all.stored.messages[0].state = "pending".to_owned());
        breaks(delivered, |all| all.heard[0].status = 500);
        breaks(delivered, |all| all.stored.messages.push(all.stored.messages[0].clone()));
        breaks("had happened", |all| all.heard[0].seq = 9);
        breaks("had happened", |all| {
            all.heard.push(Heard { message: "another id".to_owned(), ..all.heard[0].clone() });
        });
    }

    #[test]
    fn a_job_that_is_not_over_or_did_something_else_is_found() {
        breaks("every acknowledged job", |all| all.stored.jobs.clear());
        breaks("every acknowledged job", |all| all.stored.jobs[0].open = true);
        breaks("every acknowledged job", |all| all.stored.jobs[0].succeeded = 2);
        breaks("every acknowledged job", |all| {
            let prev = all.stored.events[2].hash.clone();
            all.stored.events.push(event(ONE, 4, "classified", &prev, &json!({}), Some(JOB)));
        });
    }

    #[test]
    fn a_counter_that_is_off_by_one_is_found() {
        breaks("every counter", |all| all.stored.counts[0].3 = 3);
        breaks("every counter", |all| all.stored.counts.clear());
        breaks("every counter", |all| all.stored.complaints[0].due_on = Some("2026-11-26".to_owned()));
        breaks("every counter", |all| all.seen[0].total = 1);
        breaks("every counter", |all| all.seen[0].counts = json!({ "state": { "received": 1 } }));
        breaks("saved view", |all| all.seen[0].views[0].1["n"] = json!(2));
        breaks("bytes of files", |all| all.stored.storage[0].1 = 8);
        breaks("bytes of files", |all| all.stored.objects.clear());
    }

    /// What is hashed here is what the product hashes.
    #[test]
    fn the_products_own_chain_verifies_here() {
        use shared::{
            chain::{Digest, Salt, Tail, seal_one},
            complaint::event::EventBody,
        };
        let tail =
            Tail { tenant: FIRM.parse().unwrap(), complaint: ONE.parse().unwrap(), version: 0, head: Digest::ZERO };
        let actor = serde_json::from_value(json!({ "id": "key-1", "kind": "key" })).unwrap();
        let text = "Zoë said:\t\"12 €\"\n".to_owned().try_into().unwrap();
        let body = EventBody::Noted { text };
        let at = "2026-11-26T03:00:00.000Z".parse().unwrap();
        let sealed = seal_one(&tail, actor, at, body, Salt::from_bytes([7; 16])).unwrap();
        let event: Value = serde_json::from_str(&sealed.text).unwrap();
        assert_eq!(chained(&event, &"0".repeat(64), &sealed.event.hash.to_string(), (FIRM, ONE), 1), Ok(()));
        assert_eq!(canonical(&event), sealed.text);
    }
}
