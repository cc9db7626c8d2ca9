//! The two sides, a step at a time.

use shared::{
    limit::{
        headers::rate_limit,
        held::{Admission, Cost, Held},
        lease::{Ask, Cause, Grant, LEASE_MILLIS, LeaseId, Refusal, Report},
        limiter::Limiter,
        plan::{Limits, Over, Policy, Quota, Resource},
    },
    time::Timestamp,
};

use crate::simulation::{START, rates};

fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(START + millis)
}

fn wants(wanted: u32) -> Ask {
    Ask { wanted, ..Ask::default() }
}

fn wants_complaints(complaints: u32, reports: Vec<Report>) -> Ask {
    Ask { wanted: 0, complaints, reports }
}

fn report(lease: LeaseId, uses: &[(u32, u32)], kept: u32) -> Report {
    Report { lease, uses: uses.to_vec(), kept, logged: 0, complaints_kept: 0 }
}

fn tokens(grant: &Grant) -> u32 {
    grant.lease.as_ref().map_or(0, |lease| lease.tokens.iter().map(|portion| portion.tokens).sum())
}

fn id(grant: &Grant) -> LeaseId {
    grant.lease.as_ref().unwrap().id
}

fn quota(limit: u64, over: Over) -> Limits {
    let quotas = vec![Quota { quota: Resource::ComplaintsAMonth, limit, over }];
    Limits { quotas, ..rates(&[]) }
}

/// An ask of the isolate, answered by the object after 10 ms each way.
fn hop(held: &mut Held, object: &mut Limiter, limits: &Limits, ask: &Ask, sent: i64) {
    let grant = object.lease(limits, ask, at(sent + 10));
    held.granted(grant, at(sent), at(sent + 20));
}

fn ask(held: &mut Held, now: i64) -> Ask {
    match held.admit(Cost::Request, at(now)) {
        Admission::Ask(ask) => ask,
        other => panic!("{other:?} instead of an ask"),
    }
}

fn admitted(held: &mut Held, now: i64) -> bool {
    matches!(held.admit(Cost::Request, at(now)), Admission::Admitted { .. })
}

#[test]
fn an_isolate_spends_what_it_was_lent_and_reports_it() {
    let (mut held, mut object, limits) = (Held::default(), Limiter::default(), rates(&[(Policy::Burst, 200)]));
    let first = ask(&mut held, 0);
    assert_eq!(first, wants(5));
    hop(&mut held, &mut object, &limits, &first, 0);
    assert!((20..25).all(|now| admitted(&mut held, now)));
    let second = ask(&mut held, 61);
    assert_eq!(second.reports, [report(LeaseId(START + 10), &[(1, 1), (2, 4)], 0)]);
    let grant = object.lease(&limits, &second, at(70));
    assert_eq!(grant.settled, [LeaseId(START + 10)]);
    held.granted(grant, at(61), at(80));
    assert_eq!(held.levels(at(80))[0].remaining, 195);
}

#[test]
fn a_token_is_void_a_second_after_the_ask_was_sent() {
    let (mut held, mut object, limits) = (Held::default(), Limiter::default(), rates(&[(Policy::Burst, 200)]));
    let first = ask(&mut held, 0);
    hop(&mut held, &mut object, &limits, &first, 0);
    assert!(admitted(&mut held, LEASE_MILLIS));
    assert_eq!(ask(&mut held, LEASE_MILLIS + 1).reports, [report(LeaseId(START + 10), &[(50, 1)], 0)]);
}

#[test]
fn tokens_that_are_not_free_yet_are_lent_for_later() {
    let (mut held, mut object, limits) = (Held::default(), Limiter::default(), rates(&[(Policy::Burst, 10)]));
    let other = object.lease(&limits, &wants(5), at(-800));
    let other = object.lease(&limits, &Ask { reports: vec![report(id(&other), &[(1, 5)], 0)], ..wants(5) }, at(-700));
    object.lease(&limits, &Ask { reports: vec![report(id(&other), &[(1, 5)], 0)], ..wants(0) }, at(-600));

    let first = ask(&mut held, 0);
    let grant = object.lease(&limits, &first, at(10));
    assert_eq!(
        grant.lease.as_ref().unwrap().tokens.iter().map(|it| (it.after_millis, it.tokens)).collect::<Vec<_>>(),
        [(230, 2)]
    );
    held.granted(grant, at(0), at(100));
    let Admission::Refused(refusal) = held.admit(Cost::Request, at(329)) else { panic!("usable too early") };
    assert_eq!(refusal, Refusal { cause: Cause::Policy(Policy::Burst), retry_after_millis: 1 });
    assert!(admitted(&mut held, 330) && admitted(&mut held, 330));
}

#[test]
fn a_refused_isolate_does_not_ask_until_the_time_is_over() {
    let (mut held, mut object, limits) = (Held::default(), Limiter::default(), rates(&[(Policy::Minute, 4)]));
    let first = ask(&mut held, 0);
    hop(&mut held, &mut object, &limits, &first, 0);
    assert!((0..4).all(|_| admitted(&mut held, 30)));
    let Admission::Refused(refusal) = held.admit(Cost::Request, at(40)) else { panic!("not refused") };
    assert_eq!(refusal.cause, Cause::Policy(Policy::Minute));
    assert_eq!(rate_limit(&held.levels(at(40))).unwrap(), "\"minute\";r=0;t=61");
    let over = 40 + refusal.retry_after_millis.cast_signed();
    for now in (40..60_000).step_by(333) {
        assert!(matches!(held.admit(Cost::Request, at(now)), Admission::Refused(_)));
        assert_eq!(held.wants_refresh(at(now)), None);
    }
    assert!(over > 60_000);
    let again = ask(&mut held, 60_020);
    assert_eq!(tokens(&object.lease(&limits, &again, at(60_030))), 0, "it does not ask too late either");
    assert_eq!(tokens(&object.lease(&limits, &again, at(61_000))), 4);
}

#[test]
fn a_refusal_for_hours_is_believed_for_a_minute() {
    let (mut held, mut object, limits) = (Held::default(), Limiter::default(), rates(&[(Policy::Day, 4)]));
    let first = ask(&mut held, 0);
    hop(&mut held, &mut object, &limits, &first, 0);
    assert!((0..4).all(|_| admitted(&mut held, 30)));
    let Admission::Refused(refusal) = held.admit(Cost::Request, at(60_019)) else { panic!("not refused") };
    assert!(refusal.retry_after_millis > 86_000_000, "the caller is told the truth");
    ask(&mut held, 60_020);
}

#[test]
fn a_lost_grant_counts_as_used_until_its_last_moment_has_left_the_window() {
    let (mut object, limits) = (Limiter::default(), rates(&[(Policy::Burst, 10)]));
    assert_eq!(tokens(&object.lease(&limits, &wants(5), at(0))), 5);
    assert_eq!(tokens(&object.lease(&limits, &wants(5), at(0))), 5);
    assert_eq!(object.lease(&limits, &wants(5), at(1499)).lease, None);
    let later = object.lease(&limits, &wants(5), at(1600));
    assert_eq!(later.lease.unwrap().tokens[0].after_millis, 400);
}

#[test]
fn a_report_counts_once_however_often_it_comes() {
    let (mut object, limits) = (Limiter::default(), rates(&[(Policy::Minute, 100)]));
    let grant = object.lease(&limits, &wants(50), at(0));
    let remaining = |grant: &Grant| grant.windows[0].remaining;
    let partly = Ask { reports: vec![report(id(&grant), &[(3, 10)], 40)], ..wants(0) };
    let wholly = Ask { reports: vec![report(id(&grant), &[(3, 10), (20, 5)], 0)], ..wants(0) };
    assert_eq!(remaining(&object.lease(&limits, &partly, at(200))), 50);
    assert_eq!(remaining(&object.lease(&limits, &wholly, at(900))), 85);
    for ask in [&partly, &wholly, &partly] {
        let answer = object.lease(&limits, ask, at(1000));
        assert_eq!(remaining(&answer), 85);
        assert_eq!(answer.settled, [id(&grant)]);
    }
}

#[test]
fn a_report_that_comes_after_its_lease_was_taken_as_used_changes_nothing() {
    let (mut object, limits) = (Limiter::default(), rates(&[(Policy::Day, 100)]));
    let grant = object.lease(&limits, &wants(50), at(0));
    let unused = Ask { reports: vec![report(id(&grant), &[], 0)], ..wants(0) };
    let answer = object.lease(&limits, &unused, at(90_000));
    assert_eq!((answer.windows[0].remaining, answer.settled.len()), (50, 1));
}

#[test]
fn a_failed_hop_loses_no_report_and_leaves_the_object_alone_for_a_while() {
    let (mut held, mut object, limits) = (Held::default(), Limiter::default(), rates(&[(Policy::Burst, 200)]));
    let first = ask(&mut held, 0);
    hop(&mut held, &mut object, &limits, &first, 0);
    assert!((0..5).all(|_| admitted(&mut held, 20)));
    let lost = ask(&mut held, 50);
    held.failed(at(60));
    assert_eq!(held.admit(Cost::Request, at(61)), Admission::Unavailable);
    assert_eq!(ask(&mut held, 310).reports, lost.reports);
}

#[test]
fn one_request_asks_and_the_others_wait_but_not_for_ever() {
    let mut held = Held::default();
    ask(&mut held, 0);
    assert_eq!(held.admit(Cost::Request, at(1)), Admission::Wait(5));
    assert_eq!(held.admit(Cost::Request, at(499)), Admission::Wait(5));
    ask(&mut held, 500);
}

#[test]
fn a_running_low_isolate_asks_before_it_runs_out() {
    let (mut held, mut object, limits) = (Held::default(), Limiter::default(), rates(&[(Policy::Burst, 200)]));
    let first = ask(&mut held, 0);
    hop(&mut held, &mut object, &limits, &first, 0);
    assert!((0..3).all(|_| admitted(&mut held, 20) && held.wants_refresh(at(20)).is_none()));
    assert!(admitted(&mut held, 20));
    let refresh = held.wants_refresh(at(20)).unwrap();
    assert_eq!(refresh.wanted, 100, "four in 50 ms, for a second, and a quarter more");
    assert_eq!(refresh.reports[0].kept, 1);
    assert_eq!(held.wants_refresh(at(21)), None, "one at a time");
    assert!(admitted(&mut held, 21));
}

/// The object refused when it counted tokens that this isolate still held. Those come back, so it is asked once more.
#[test]
fn what_has_expired_unused_is_asked_for_again_and_once() {
    let (mut held, mut object, limits) = (Held::default(), Limiter::default(), rates(&[(Policy::Minute, 10)]));
    let first = ask(&mut held, 0);
    hop(&mut held, &mut object, &limits, &first, 0);
    assert!((0..4).all(|_| admitted(&mut held, 20)));
    let refresh = held.wants_refresh(at(20)).unwrap();
    hop(&mut held, &mut object, &limits, &refresh, 20);
    assert!((0..2).all(|_| admitted(&mut held, 40)));
    assert_eq!(held.wants_refresh(at(900)), None, "all ten are lent");
    let again = ask(&mut held, 1100);
    hop(&mut held, &mut object, &limits, &again, 1100);
    assert!((0..4).all(|_| admitted(&mut held, 1120)), "ten in all");
    assert!((0..100).all(|n| matches!(held.admit(Cost::Request, at(1120 + n)), Admission::Refused(_))));
    assert!(matches!(held.admit(Cost::Request, at(2500)), Admission::Refused(_)), "nothing of it has expired");
}

#[test]
fn a_complaint_that_was_not_logged_is_given_back() {
    let (mut held, mut object, limits) = (Held::default(), Limiter::default(), quota(1, Over::Refuse));
    let Admission::Ask(first) = held.admit(Cost::Complaint, at(0)) else { panic!("no ask") };
    hop(&mut held, &mut object, &limits, &first, 0);
    let Admission::Admitted { complaint: Some(lease) } = held.admit(Cost::Complaint, at(20)) else {
        panic!("no lease")
    };
    let used = |object: &mut Limiter, now| object.usage(&limits, at(now))[0].used;
    assert_eq!(used(&mut object, 30), 1, "reserved");
    let Admission::Refused(refusal) = held.admit(Cost::Complaint, at(30)) else { panic!("not refused") };
    assert_eq!(refusal.cause, Cause::Resource(Resource::ComplaintsAMonth));
    assert!(refusal.retry_after_millis <= 1000, "it may come back with the lease");
    assert!(admitted(&mut held, 30), "a request that logs no complaint goes on");

    held.unused_complaint(lease);
    let Admission::Ask(next) = held.admit(Cost::Complaint, at(1100)) else { panic!("no ask") };
    hop(&mut held, &mut object, &limits, &next, 1100);
    let Admission::Admitted { complaint: Some(lease) } = held.admit(Cost::Complaint, at(1120)) else { panic!("lost") };
    held.logged_complaint(lease);
    held.unused_complaint(lease);
    let Admission::Ask(next) = held.admit(Cost::Complaint, at(2300)) else { panic!("no ask") };
    assert_eq!((next.reports[0].logged, next.reports[0].complaints_kept), (1, 0));
    let grant = object.lease(&limits, &next, at(2310));
    let month = 30 * 86_400_000;
    let retry_after_millis = u64::try_from(month - 2310).unwrap();
    assert!(
        grant.refusals.contains(&Refusal { cause: Cause::Resource(Resource::ComplaintsAMonth), retry_after_millis })
    );
    assert_eq!(used(&mut object, month - 1), 1);
    assert_eq!(used(&mut object, month), 0, "a new month");
}

#[test]
fn beyond_an_included_number_complaints_are_logged_counted_and_warned_of() {
    let (mut object, limits) = (Limiter::default(), quota(10, Over::Overage));
    let mut log = |complaints, now| {
        let grant = object.lease(&limits, &wants_complaints(complaints, Vec::new()), at(now));
        assert_eq!(grant.lease.as_ref().unwrap().complaints, complaints);
        assert!(grant.refusals.is_empty());
        let usage = grant.quotas[0];
        (usage.used, usage.warning, usage.exceeded)
    };
    assert_eq!(log(7, 0), (7, false, false));
    assert_eq!(log(1, 1), (8, true, false));
    assert_eq!(log(2, 2), (10, true, false));
    assert_eq!(log(1, 3), (11, true, true));
    assert_eq!(log(5, 100_000), (16, true, true), "what is never reported counts as logged");
}

/// An import takes complaints for many rows at once, and gives back those of rows that logged none.
#[test]
fn complaints_that_are_taken_count_until_they_are_given_back() {
    let (mut object, limits) = (Limiter::default(), quota(10, Over::Refuse));
    let used = |object: &mut Limiter, now| object.usage(&limits, at(now))[0].used;
    assert_eq!(object.take_complaints(&limits, 7, at(0)), 7);
    assert_eq!(object.take_complaints(&limits, 7, at(1)), 3, "what is left");
    assert_eq!(object.take_complaints(&limits, 1, at(2)), 0);
    assert_eq!(object.lease(&limits, &wants_complaints(1, Vec::new()), at(3)).lease, None, "one quota for all");
    object.give_complaints_back(4, at(1), at(4));
    assert_eq!(used(&mut object, 5), 6);
    assert_eq!(object.take_complaints(&limits, 9, at(6)), 4);
    object.give_complaints_back(99, at(6), at(7));
    assert_eq!(used(&mut object, 8), 0, "never less than none");

    let month = 30 * 86_400_000;
    object.take_complaints(&limits, 5, at(month - 1));
    assert_eq!(object.take_complaints(&limits, 6, at(month)), 6, "a new month");
    object.give_complaints_back(5, at(month - 1), at(month + 1));
    assert_eq!(used(&mut object, month + 2), 6, "what is given back is of the month before");
    assert_eq!(object.take_complaints(&quota(10, Over::Overage), 50, at(month + 3)), 50);
}

#[test]
fn a_clock_that_goes_back_repeats_no_month_and_no_lease() {
    let (mut object, limits) = (Limiter::default(), quota(10, Over::Refuse));
    let first = object.lease(&limits, &wants_complaints(4, Vec::new()), at(0));
    let logged = Report { logged: 4, ..report(id(&first), &[], 0) };
    let second = object.lease(&limits, &wants_complaints(1, vec![logged]), at(0));
    assert!(id(&first) < id(&second));
    assert_eq!(object.usage(&limits, at(-500))[0].used, 5, "not the month before");
    let third = object.lease(&limits, &wants_complaints(1, Vec::new()), at(-500));
    assert!(id(&second) < id(&third));
    assert_eq!(object.usage(&limits, at(10))[0].used, 6, "not the month anew");
}

#[test]
fn stocks_go_up_to_their_limit_and_always_down() {
    let mut object = Limiter::default();
    let seats = Quota { quota: Resource::Seats, limit: 5, over: Over::Refuse };
    let bytes = Quota { quota: Resource::StorageBytes, limit: 100, over: Over::Overage };
    let limits = Limits { quotas: vec![seats, bytes], ..rates(&[]) };
    assert_eq!(object.adjust(&limits, Resource::Seats, 5, at(0)), Ok(5));
    let refused = object.adjust(&limits, Resource::Seats, 1, at(0)).unwrap_err();
    assert_eq!((refused.used, refused.limit, refused.exceeded), (5, 5, false));
    assert_eq!(object.adjust(&limits, Resource::StorageBytes, 150, at(0)), Ok(150));
    assert!(object.usage(&limits, at(0))[1].exceeded);
    assert_eq!(object.adjust(&limits, Resource::StorageBytes, -200, at(0)), Ok(0));

    let smaller = Limits { quotas: vec![Quota { limit: 2, ..seats }], ..rates(&[]) };
    assert_eq!(object.adjust(&smaller, Resource::Seats, -1, at(0)), Ok(4), "on a smaller plan some may still leave");
    assert!(object.adjust(&smaller, Resource::Seats, 1, at(0)).is_err());
}

#[test]
fn nothing_is_granted_where_nothing_is_allowed() {
    let (mut object, limits) = (Limiter::default(), rates(&[(Policy::Burst, 0), (Policy::Minute, 10)]));
    let grant = object.lease(&limits, &wants(5), at(0));
    assert_eq!(grant.lease, None);
    assert_eq!(grant.refusals, [Refusal { cause: Cause::Policy(Policy::Burst), retry_after_millis: 1000 }]);
}
