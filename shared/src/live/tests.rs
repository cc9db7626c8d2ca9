use super::*;
use proptest::prelude::*;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(1_700_000_000_000 + millis)
}

fn key(n: u8) -> KeyId {
    KeyId::new(at(0), &[n; 10])
}

fn complaint(n: u8) -> ComplaintId {
    ComplaintId::in_slot(at(0), &[n; 10], 0)
}

fn guest(after: u64) -> Guest {
    Guest { key: key(1), ends_at: at(1_000_000), standing: 1, complaint: None, events: true, after }
}

fn change(number: u64) -> Change {
    Change { number, complaint: complaint((number % 3) as u8), bytes: 100 }
}

fn changes(from: u64, through: u64) -> Vec<Change> {
    (from + 1..=through).map(change).collect()
}

fn sent_to(acts: &[Act], seat: SeatNumber, page: &[Change]) -> Vec<u64> {
    let of_it = |act: &Act| match act {
        Act::Send(to, nth, _) if *to == seat => Some(page[*nth].number),
        _ => None,
    };
    acts.iter().filter_map(of_it).collect()
}

/// Takes a page and acknowledges it all.
fn give(hub: &mut Hub, from: u64, through: u64, last: u64) -> Vec<Act> {
    let acts = hub.take(from, last, &changes(from, through), at(0));
    let seats: Vec<_> = hub.seats().map(|(number, seat)| (number, seat.sent)).collect();
    for (number, sent) in seats {
        assert!(hub.acknowledge(number, sent));
    }
    acts
}

#[test]
fn who_joins_catches_up_and_nobody_is_told_twice() {
    let mut hub = Hub::default();
    assert_eq!(hub.wanted(), None);
    let first = hub.enter(&guest(5), at(0)).unwrap();
    assert_eq!(hub.wanted(), Some(5));
    give(&mut hub, 5, 8, 8);
    let second = hub.enter(&guest(2), at(0)).unwrap();
    assert_eq!(hub.wanted(), Some(2));
    let page = changes(2, 10);
    let acts = hub.take(2, 10, &page, at(0));
    assert_eq!(sent_to(&acts, first, &page), [9, 10]);
    assert_eq!(sent_to(&acts, second, &page), (3..=10).collect::<Vec<_>>());
    assert_eq!(hub.take(2, 10, &page, at(0)), [], "the same page again says nothing new");
    let gap = changes(11, 12);
    assert_eq!(hub.take(11, 12, &gap, at(0)), [], "nobody stands there yet");
    assert_eq!(hub.wanted(), Some(10));
}

#[test]
fn a_narrow_socket_sees_its_complaint_and_now_and_then_a_place() {
    let mut hub = Hub::default();
    let narrow = hub.enter(&Guest { complaint: Some(complaint(0)), ..guest(0) }, at(0)).unwrap();
    let page = changes(0, 7);
    assert_eq!(sent_to(&hub.take(0, 7, &page, at(0)), narrow, &page), [3, 6]);
    let others: Vec<Change> =
        (8..=6 + PLACE_EVERY).map(|number| Change { complaint: complaint(1), ..change(number) }).collect();
    assert_eq!(hub.take(7, 2_000, &others, at(0)), [Act::Place(narrow)]);
}

#[test]
fn who_does_not_acknowledge_is_waited_for_a_while_and_then_dropped() {
    let mut hub = Hub::default();
    let slow = hub.enter(&guest(0), at(0)).unwrap();
    let all = MAX_UNACKNOWLEDGED + 5;
    let page = changes(0, all);
    let acts = hub.take(0, all, &page, at(0));
    assert_eq!(sent_to(&acts, slow, &page).len() as u64, MAX_UNACKNOWLEDGED);
    assert_eq!((hub.wanted(), hub.has_waiting()), (None, true), "it catches up, so it is waited for");
    assert!(hub.acknowledge(slow, 900));
    assert_eq!(hub.wanted(), Some(MAX_UNACKNOWLEDGED));
    let page = changes(MAX_UNACKNOWLEDGED, all);
    assert_eq!(sent_to(&hub.take(MAX_UNACKNOWLEDGED, all, &page, at(0)), slow, &page).len(), 5);
    assert!(!hub.has_waiting());
    // So is whoever falls behind, but not for ever.
    let more = changes(all, all + 900);
    assert_eq!(sent_to(&hub.take(all, all + 900, &more, at(50_000)), slow, &more).len(), 895);
    assert_eq!((hub.wanted(), hub.has_waiting(), hub.wakes_at()), (None, true, Some(at(50_000 + CATCH_UP_MILLIS))));
    assert_eq!(hub.take(all, all + 900, &more, at(60_000)), []);
    assert_eq!(hub.pass(at(50_000 + CATCH_UP_MILLIS)), [Act::Close(slow, Farewell::Slow)]);
    assert!(hub.is_empty());
}

#[test]
fn bytes_are_bounded_too() {
    let mut hub = Hub::default();
    let seat = hub.enter(&guest(0), at(0)).unwrap();
    hub.take(0, 0, &[], at(0));
    let large = |number| Change { bytes: MAX_UNACKNOWLEDGED_BYTES / 4, ..change(number) };
    for number in 1..=40 {
        let acts = hub.take(number - 1, number, &[large(number)], at(0));
        assert_eq!(acts, [Act::Send(seat, 0, true)], "{number}");
        // Never more than two on their way.
        assert!(hub.acknowledge(seat, (number).saturating_sub(2)));
    }
    let acts: Vec<_> = (41..=45).flat_map(|number| hub.take(number - 1, number, &[large(number)], at(0))).collect();
    assert!(hub.has_waiting() && (1..=3).contains(&acts.len()), "{acts:?}");
}

#[test]
fn what_was_not_sent_cannot_be_acknowledged() {
    let mut hub = Hub::default();
    let seat = hub.enter(&guest(0), at(0)).unwrap();
    hub.take(0, 3, &changes(0, 3), at(0));
    assert!(!hub.acknowledge(seat, 4));
    assert!(hub.acknowledge(seat, 2) && !hub.acknowledge(seat, 1) && hub.acknowledge(seat, 3));
}

#[test]
fn whoever_may_not_stay_goes_and_does_not_come_back_by_an_older_word() {
    let mut hub = Hub::default();
    let [mine, other] = [1, 2].map(|n| hub.enter(&Guest { key: key(n), ..guest(0) }, at(0)).unwrap());
    let door = |standing, shut, ended: &[(KeyId, Timestamp)]| Door { standing, shut, ended: ended.to_vec() };
    let acts = hub.stand(door(5, None, &[(key(1), at(0)), (key(2), at(500))]), at(0));
    assert_eq!(acts, [Act::Close(mine, Farewell::Ended)]);
    assert_eq!(hub.enter(&guest(0), at(1)), Err(Refusal::Door(Farewell::Ended)));
    assert_eq!(hub.wakes_at(), Some(at(500)));
    assert_eq!(hub.pass(at(499)), []);
    assert_eq!(hub.pass(at(500)), [Act::Close(other, Farewell::Ended)]);
    assert_eq!(hub.stand(door(4, Some(Farewell::Suspended), &[]), at(600)), [], "that is old");
    hub.enter(&Guest { key: key(3), ..guest(0) }, at(600)).unwrap();
    assert_eq!(hub.stand(door(6, Some(Farewell::Moved), &[]), at(600)).len(), 1);
    assert_eq!(hub.enter(&Guest { key: key(3), ..guest(0) }, at(600)), Err(Refusal::Door(Farewell::Moved)));
    assert!(hub.enter(&Guest { key: key(3), standing: 6, ..guest(0) }, at(600)).is_ok(), "the gateway knows as much");
}

#[test]
fn time_closes_who_does_not_catch_up() {
    let mut hub = Hub::default();
    let seat = hub.enter(&guest(0), at(0)).unwrap();
    assert_eq!(hub.wakes_at(), Some(at(CATCH_UP_MILLIS)));
    hub.take(0, 5, &changes(0, 3), at(0));
    assert_eq!(hub.clone().pass(at(CATCH_UP_MILLIS)), [Act::Close(seat, Farewell::Slow)]);
    hub.take(3, 5, &changes(3, 5), at(0));
    assert_eq!(hub.wakes_at(), Some(at(1_000_000)));
    assert_eq!(hub.pass(at(1_000_000)), [Act::Close(seat, Farewell::Ended)]);
}

#[test]
fn there_is_a_bound() {
    let mut hub = Hub::default();
    for _ in 0..MAX_SEATS {
        hub.enter(&guest(0), at(0)).unwrap();
    }
    assert_eq!(hub.enter(&guest(0), at(0)), Err(Refusal::Full));
    assert_eq!(hub.close(Farewell::SwitchedOff).len(), MAX_SEATS);
    assert!(hub.enter(&guest(0), at(0)).is_ok());
}

#[derive(Clone, Debug)]
enum Step {
    Enter { after: u64, only: Option<u8> },
    Leave(usize),
    Page { from: u64, length: u64 },
    Sleep,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0_u64..60, proptest::option::of(0_u8..3)).prop_map(|(after, only)| Step::Enter { after, only }),
        (0_usize..8).prop_map(Step::Leave),
        (0_u64..60, 0_u64..20).prop_map(|(from, length)| Step::Page { from, length }),
        Just(Step::Sleep),
    ];
    proptest::collection::vec(step, 0..80)
}

proptest! {
    /// Whatever pages come, in whatever order: each seat has been sent exactly what it may see between where it began and where it is.
    #[test]
    fn no_gap_and_no_repeat(steps in steps()) {
        let mut hub = Hub::default();
        let mut seen: BTreeMap<SeatNumber, (u64, Option<u8>, Vec<u64>)> = BTreeMap::new();
        let mut attached: BTreeMap<SeatNumber, Seat> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Enter { after, only } => {
                    let seat = hub.enter(&Guest { complaint: only.map(complaint), ..guest(after) }, at(0)).unwrap();
                    seen.insert(seat, (after, only, Vec::new()));
                    attached.remove(&seat);
                }
                Step::Leave(nth) => {
                    let leaving = hub.seats().nth(nth).map(|(number, _)| number);
                    if let Some(seat) = leaving {
                        hub.leave(seat);
                        seen.remove(&seat);
                    }
                }
                Step::Page { from, length } => {
                    let page = changes(from, from + length);
                    let acts = hub.take(from, 100, &page, at(0));
                    for (number, seat) in hub.seats() {
                        let kept = attached.entry(number).or_insert_with(|| seat.clone());
                        if !seat.is_like(kept) {
                            *kept = seat.clone();
                        }
                    }
                    for act in acts {
                        if let Act::Send(seat, nth, _) = act {
                            seen.get_mut(&seat).unwrap().2.push(page[nth].number);
                        }
                    }
                }
                Step::Sleep => {
                    // As an object does that writes down only what it must.
                    let woken = hub.seats().map(|(number, seat)| {
                        let kept = attached.entry(number).or_insert_with(|| seat.clone());
                        let kept = if seat.is_like(kept) { kept.clone() } else { seat.clone() };
                        let text = serde_json::to_string(&kept).unwrap();
                        (number, serde_json::from_str(&text).unwrap())
                    });
                    let woken: Vec<(SeatNumber, Seat)> = woken.collect();
                    hub = Hub::with(woken);
                }
            }
            for (number, seat) in hub.seats() {
                let (after, only, sent) = &seen[&number];
                let all = (after + 1..=seat.at).filter(|number| only.is_none_or(|only| (number % 3) as u8 == only));
                prop_assert!(all.eq(sent.iter().copied()), "{number}");
            }
        }
    }
}
