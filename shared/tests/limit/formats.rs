//! Formats for life: a deployed object reads the state it stored years ago, and isolates and objects of different
//! releases talk to each other while one replaces the other.

use crate::simulation::{START, rates};
use shared::{
    limit::{
        lease::{Ask, Cause, Grant, LeaseId, Refusal, Report},
        limiter::Limiter,
        plan::{Limits, Over, Policy, Quota, Resource},
    },
    time::Timestamp,
};

fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(START + millis)
}

fn limits() -> Limits {
    let quota = Quota { quota: Resource::ComplaintsAMonth, limit: 10, over: Over::Refuse };
    Limits { quotas: vec![quota], ..rates(&[(Policy::Burst, 20), (Policy::Minute, 60), (Policy::Day, 900)]) }
}

/// A lease of ten tokens and two complaints, partly reported.
fn used() -> (Limiter, Grant, Ask) {
    let mut object = Limiter::default();
    let grant = object.lease(&limits(), &Ask { wanted: 10, complaints: 2, reports: Vec::new() }, at(0));
    let report = Report { lease: LeaseId(START), uses: vec![(1, 2), (3, 1)], kept: 7, logged: 1, complaints_kept: 1 };
    let ask = Ask { wanted: 4, complaints: 0, reports: vec![report] };
    object.lease(&limits(), &ask, at(100));
    (object, grant, ask)
}

#[test]
fn messages_are_unchanged() {
    let (_, grant, ask) = used();
    let text = concat!(
        r#"{"wanted":4,"complaints":0,"reports":[{"lease":1698796800000,"uses":[[1,2],[3,1]],"kept":7,"logged":1,"#,
        r#""complaints_kept":1}]}"#
    );
    assert_eq!(serde_json::to_string(&ask).unwrap(), text);
    assert_eq!(serde_json::from_str::<Ask>(text).unwrap(), ask);
    let text = concat!(
        r#"{"lease":{"id":1698796800000,"tokens":[{"after_millis":0,"tokens":10}],"complaints":2},"refusals":[],"#,
        r#""settled":[],"windows":[{"policy":"burst","limit":20,"remaining":10,"reset_millis":2000},"#,
        r#"{"policy":"minute","limit":60,"remaining":50,"reset_millis":61000},"#,
        r#"{"policy":"day","limit":900,"remaining":890,"reset_millis":86401000}],"#,
        r#""quotas":[{"quota":"complaints_a_month","used":2,"limit":10,"over":"refuse","warning":false,"#,
        r#""exceeded":false}]}"#
    );
    assert_eq!(serde_json::to_string(&grant).unwrap(), text);
    assert_eq!(serde_json::from_str::<Grant>(text).unwrap(), grant);
}

#[test]
fn a_refusals_cause_is_a_rate_or_a_quota() {
    for (cause, text) in [
        (Cause::Policy(Policy::Minute), r#"{"cause":"minute","retry_after_millis":5}"#),
        (Cause::Resource(Resource::ComplaintsAMonth), r#"{"cause":"complaints_a_month","retry_after_millis":5}"#),
    ] {
        let refusal = Refusal { cause, retry_after_millis: 5 };
        assert_eq!(serde_json::to_string(&refusal).unwrap(), text);
        assert_eq!(serde_json::from_str::<Refusal>(text).unwrap(), refusal);
    }
}

#[test]
fn a_message_with_an_unknown_member_is_not_read() {
    assert!(serde_json::from_str::<Ask>(r#"{"wanted":4}"#).is_ok());
    assert!(serde_json::from_str::<Ask>(r#"{"wanted":4,"more":1}"#).is_err());
    assert!(serde_json::from_str::<Grant>(r#"{"more":1}"#).is_err());
}

#[test]
fn the_stored_state_is_unchanged() {
    let (object, ..) = used();
    let text = concat!(
        r#"{"seen":1698796800100,"latest":1698796800100,"burst":{"first":84939840001,"slots":[2,0,1]},"#,
        r#""minute":{"first":1698796800,"slots":[3]},"day":{"first":2831328,"slots":[3]},"#,
        r#""open":[[1698796800000,10,3,2,1],[1698796800100,4,0,0,0]],"month":24286,"complaints":1,"#,
        r#""storage_bytes":0,"seats":0}"#
    );
    assert_eq!(serde_json::to_string(&object).unwrap(), text);
    assert_eq!(serde_json::from_str::<Limiter>(text).unwrap(), object);
}

#[test]
fn a_state_of_another_release_is_read() {
    let object: Limiter = serde_json::from_str(r#"{"seats":3,"of_a_later_release":true}"#).unwrap();
    assert_eq!(object, serde_json::from_str(r#"{"seats":3}"#).unwrap());
    assert_eq!(Limiter::default(), serde_json::from_str("{}").unwrap());
}

/// It is stored with every lease.
#[test]
fn the_stored_state_of_the_busiest_tenant_is_small() {
    let limits = rates(&[(Policy::Burst, 4_000_000)]);
    let mut object = Limiter::default();
    let mut spend = |tokens: u32, now: i64| {
        let grant = object.lease(&limits, &Ask { wanted: tokens, ..Ask::default() }, at(now));
        let lease = grant.lease.unwrap().id;
        let report = Report { lease, uses: vec![(0, tokens)], kept: 0, logged: 0, complaints_kept: 0 };
        object.lease(&limits, &Ask { reports: vec![report], ..Ask::default() }, at(now));
    };
    for slot in 0..144 {
        spend(138_888, slot * 600_000);
    }
    for second in 0..60 {
        spend(1000, 86_400_000 + second * 1000);
    }
    for step in 0..50 {
        spend(40, 86_460_000 + step * 20);
    }
    for _ in 0..200 {
        object.lease(&limits, &Ask { wanted: 200, complaints: 200, reports: Vec::new() }, at(86_460_990));
    }
    let size = serde_json::to_string(&object).unwrap().len();
    assert!((3000..=4096).contains(&size), "{size} bytes");
}
