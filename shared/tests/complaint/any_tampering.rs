//! Any single change to an exported case file is found, and the first event it touches is named.

use crate::{
    arbitrary::{new_complaint, steps},
    case::{Case, SALT, actor, complaint_id, complaint_reference, eventful, tenant},
};
use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};
use shared::{
    chain::{self, CaseFile, Defect, Digest, Tail, Verdict},
    complaint::event::EventBody,
};

proptest! {
    #[test]
    fn no_single_change_goes_unseen(new in new_complaint(), steps in steps(12), change in change()) {
        let Ok(mut case) = Case::log(new) else { return Ok(()) };
        for step in steps {
            case.now = case.now.plus_millis(step.later_by);
            let _refused_or_not = case.give(step.command, step.target);
        }
        let mut file = case.file();
        prop_assert!(file.verify().valid);
        if let Some(first_touched) = change.make(&mut file) {
            named(&file.verify(), first_touched)?;
        }
    }
}

/// A change by somebody who has the file and not the software.
#[derive(Clone, Debug)]
enum Change {
    /// One character or digit of one value, or the value itself if it has none.
    Value {
        event: Index,
        value: Index,
        at: Index,
    },
    Delete(Index),
    Duplicate {
        from: Index,
        to: Index,
    },
    Swap(Index, Index),
    Reverse(Index),
    Truncate(Index),
    Append(Index),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => any::<(Index, Index, Index)>().prop_map(|(event, value, at)| Change::Value { event, value, at }),
        1 => any::<Index>().prop_map(Change::Delete),
        1 => any::<(Index, Index)>().prop_map(|(from, to)| Change::Duplicate { from, to }),
        1 => any::<(Index, Index)>().prop_map(|(a, b)| Change::Swap(a, b)),
        1 => any::<Index>().prop_map(Change::Reverse),
        1 => any::<Index>().prop_map(Change::Truncate),
        1 => any::<Index>().prop_map(Change::Append),
    ]
}

impl Change {
    /// The place of the first event that is not as it was, or `None` if the file is.
    fn make(&self, file: &mut CaseFile) -> Option<usize> {
        let events = &mut file.events;
        let count = events.len();
        match self {
            Self::Value { event, value, at } => {
                let event = event.index(count);
                let mut leaves = Vec::new();
                pointers(&events[event], String::new(), &mut leaves);
                let leaf = value.get(&leaves);
                let held = events[event].pointer_mut(leaf)?;
                *held = nudged(held, at.index(places(held)));
                Some(event)
            }
            Self::Delete(at) => {
                let at = at.index(count);
                events.remove(at);
                Some(at)
            }
            Self::Duplicate { from, to } => {
                let (from, to) = (from.index(count), to.index(count + 1));
                events.insert(to, events[from].clone());
                // Next to itself it is the second one that does not belong.
                Some(if to == from { from + 1 } else { to })
            }
            Self::Swap(a, b) => {
                let (a, b) = (a.index(count), b.index(count));
                events.swap(a, b);
                (a != b).then_some(a.min(b))
            }
            Self::Reverse(from) => {
                let from = from.index(count);
                events[from..].reverse();
                (from + 1 < count).then_some(from)
            }
            Self::Truncate(to) => {
                let to = to.index(count);
                events.truncate(to);
                Some(to)
            }
            Self::Append(from) => {
                events.push(events[from.index(count)].clone());
                Some(count)
            }
        }
    }
}

fn named(verdict: &Verdict, first_touched: usize) -> Result<(), TestCaseError> {
    prop_assert!(!verdict.valid);
    prop_assert_eq!(verdict.events as usize, first_touched);
    prop_assert_eq!(verdict.first_broken.as_ref().map(|broken| broken.seq as usize), Some(first_touched + 1));
    Ok(())
}

/// Every value that is not an object or a list, by its JSON pointer; empty objects and lists too.
fn pointers(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                pointers(member, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                pointers(item, format!("{at}/{index}"), found);
            }
        }
        _ => found.push(at),
    }
}

/// How many different changes [`nudged`] can make.
fn places(value: &Value) -> usize {
    value.as_str().map_or(1, |text| text.chars().count().max(1))
}

/// Another value of the same type, as near as can be: of a text, only the character at `place` differs.
fn nudged(value: &Value, place: usize) -> Value {
    match value {
        Value::String(text) if text.is_empty() => json!("x"),
        Value::String(text) => {
            let other = |c| if c == '1' { '2' } else { '1' };
            json!(text.chars().enumerate().map(|(at, c)| if at == place { other(c) } else { c }).collect::<String>())
        }
        Value::Number(number) => json!(number.as_i64().map_or(0, |number| number ^ 1)),
        Value::Bool(yes) => json!(!yes),
        Value::Null => json!(0),
        Value::Array(_) => json!(["x"]),
        Value::Object(_) => json!({ "x": 0 }),
    }
}

/// Not only some changes by chance: every character of every value of a file with every kind of event.
#[test]
fn every_character_counts() {
    let file = eventful().file();
    for (event, raw) in file.events.iter().enumerate() {
        let mut leaves = Vec::new();
        pointers(raw, String::new(), &mut leaves);
        for leaf in leaves {
            let value = raw.pointer(&leaf).unwrap();
            // What every event has besides its data is the same in each: all of it once, one character later.
            let all = event < 2 || leaf.starts_with("/data");
            for place in 0..if all { places(value) } else { 1 } {
                // The events before are intact, so it is enough to look at this one after them.
                let mut altered = file.clone();
                altered.events.truncate(event + 1);
                *altered.events[event].pointer_mut(&leaf).unwrap() = nudged(value, place);
                let broken = altered.verify().first_broken.unwrap();
                assert_eq!(broken.seq as usize, event + 1, "{leaf} of event {}, place {place}", event + 1);
                assert!(matches!(broken.reason, Defect::Altered | Defect::Format), "{leaf}: {broken:?}");
            }
        }
    }
}

/// A member may not be added, taken away or renamed either, at any depth.
#[test]
fn every_member_counts() {
    let file = eventful().file();
    for (event, raw) in file.events.iter().enumerate() {
        for path in objects(raw, String::new()) {
            let members: Vec<String> = raw.pointer(&path).unwrap().as_object().unwrap().keys().cloned().collect();
            let check = |change: &dyn Fn(&mut serde_json::Map<String, Value>), what: &str| {
                let mut altered = file.clone();
                change(altered.events[event].pointer_mut(&path).unwrap().as_object_mut().unwrap());
                let verdict = altered.verify();
                assert_eq!(verdict.first_broken.map(|broken| broken.seq as usize), Some(event + 1), "{path}: {what}");
            };
            for added in ["added", "content"] {
                check(&|object| drop(object.insert(added.to_owned(), json!(1))), added);
            }
            for name in members {
                check(&|object| drop(object.remove(&name)), &format!("{name} taken away"));
                let renamed = |object: &mut serde_json::Map<String, Value>| {
                    let value = object.remove(&name).unwrap();
                    object.insert(format!("{name}_"), value);
                };
                check(&renamed, &format!("{name} renamed"));
            }
        }
    }
}

fn objects(value: &Value, at: String) -> Vec<String> {
    let inner = |(name, member): (String, &Value)| objects(member, format!("{at}/{name}"));
    match value {
        Value::Object(members) => {
            let inside = members.iter().map(|(name, member)| (name.clone(), member)).flat_map(inner);
            std::iter::once(at.clone()).chain(inside.collect::<Vec<_>>()).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).flat_map(inner).collect()
        }
        _ => Vec::new(),
    }
}

/// Somebody who can compute hashes still cannot put one event in the place of another.
#[test]
fn a_resealed_event_does_not_fit_the_next() {
    let case = eventful();
    let mut file = case.file();
    let third = &case.sealed[2].event;
    let tail = Tail { tenant: tenant(), complaint: case.complaint.id, version: 2, head: third.prev };
    let lie = EventBody::Noted { text: "Nothing happened.".try_into().unwrap() };
    let forged = chain::seal(tail, &actor(), third.at, vec![lie], || SALT).unwrap().remove(0).event;
    file.events[2] = serde_json::to_value(forged).unwrap();
    let broken = file.verify().first_broken.unwrap();
    assert_eq!((broken.seq, broken.reason), (4, Defect::Unchained));
}

/// A well-formed and well-chained event is refused where the course could not have taken it.
#[test]
fn an_impossible_event_is_not_accepted_for_its_hash() {
    let case = Case::plain();
    let tail = Tail { tenant: tenant(), complaint: case.complaint.id, version: 1, head: case.complaint.head };
    let sealed = |at, body| chain::seal(tail.clone(), &actor(), at, vec![body], || SALT).unwrap().remove(0).event;
    let early = case.now.plus_millis(-1);
    let impossible = [
        sealed(case.now, EventBody::Closed { reason: None }),
        sealed(early, EventBody::Acknowledged { sent_at: None }),
        sealed(case.now, case.sealed[0].event.body.clone()),
    ];
    for event in impossible {
        let mut file = case.file();
        (file.version, file.head) = (2, event.hash);
        file.events.push(serde_json::to_value(&event).unwrap());
        let broken = file.verify().first_broken.unwrap();
        assert_eq!((broken.seq, broken.reason), (2, Defect::Impossible), "{event:?}");
    }
}

/// The file says of itself whose it is and where it ends; that has to agree with the events.
#[test]
fn the_cover_of_the_file_counts_too() {
    let whole = eventful().file();
    let count = whole.version;
    let broken = |file: &CaseFile| {
        let broken = file.verify().first_broken.unwrap();
        (broken.seq, broken.reason)
    };
    let altered = |change: fn(&mut CaseFile)| {
        let mut file = whole.clone();
        change(&mut file);
        broken(&file)
    };
    assert_eq!(altered(|file| file.version += 1), (count + 1, Defect::Truncated));
    assert_eq!(altered(|file| file.version -= 1), (count + 1, Defect::Truncated));
    assert_eq!(altered(|file| file.head = Digest::ZERO), (count + 1, Defect::Truncated));
    assert_eq!(altered(|file| file.complaint = complaint_id(1)), (1, Defect::Foreign));
    assert_eq!(altered(|file| file.events.clear()), (1, Defect::Truncated));
    assert_eq!(altered(|file| file.reference = complaint_reference(8)), (1, Defect::Foreign));
}

/// Events of another complaint do not fit, nor do those of a format that this build does not know.
#[test]
fn foreign_events_are_told_apart() {
    let case = eventful();
    let other = Tail { tenant: tenant(), complaint: complaint_id(1), version: 1, head: case.sealed[0].event.hash };
    let foreign = chain::seal(other, &actor(), case.now, vec![EventBody::Acknowledged { sent_at: None }], || SALT)
        .unwrap()
        .remove(0)
        .event;
    let mut file = case.file();
    file.events[1] = serde_json::to_value(foreign).unwrap();
    assert_eq!(file.verify().first_broken.unwrap().reason, Defect::Foreign);

    for nonsense in [json!(null), json!({}), json!([]), json!("event"), json!({ "type": "received" })] {
        let mut file = case.file();
        file.events[1] = nonsense;
        let broken = file.verify().first_broken.unwrap();
        assert_eq!((broken.seq, broken.reason), (2, Defect::Format));
    }
}
