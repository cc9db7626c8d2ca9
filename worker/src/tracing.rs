//! Spans of this isolate, and how they come to a collector (OTLP over HTTP), where `OTLP_URL` names one.
//!
//! Which traces are recorded their ids say (`OTLP_SHARE`), so that the Workers of a cell agree without a word and nobody outside can ask
//! for it. Spans gather as counts do, and go with them ([`crate::metrics`]): no request waits for the collector, and none fails without it.

use crate::{
    log::Answered,
    metrics,
    platform::{self, Meter, Runtime},
    side::Side,
};
use shared::{
    http::{
        span::{Attribute, Span, SpanKind, export},
        trace::TraceParent,
    },
    metrics::families,
    time::Timestamp,
};
use std::cell::{OnceCell, RefCell};

/// The most spans that wait to be sent. What comes beyond is dropped, and counted.
const MAX_SPANS: usize = 1_000;
/// How long the collector is waited for, in milliseconds.
const PATIENCE_MILLIS: u32 = 5_000;
/// The share of traces that is recorded, unless `OTLP_SHARE` says otherwise.
const SHARE: f64 = 0.01;

struct Collector {
    url: String,
    /// `name: value` lines.
    headers: String,
    share: f64,
    resource: [(&'static str, Attribute); 3],
}

thread_local! {
    static COLLECTOR: OnceCell<Option<Collector>> = const { OnceCell::new() };
    static WAITING: RefCell<Vec<Span>> = const { RefCell::new(Vec::new()) };
}

fn read(runtime: &Runtime) -> Option<Collector> {
    let url = runtime.variable("OTLP_URL").filter(|url| !url.is_empty())?;
    let more = runtime.variable("OTLP_HEADERS").filter(|headers| !headers.is_empty());
    let headers = more.map_or_else(String::new, |more| format!("\n{}", more.trim()));
    let share = runtime.variable("OTLP_SHARE").and_then(|share| share.parse().ok()).unwrap_or(SHARE);
    let cell = runtime.variable("CELL").unwrap_or_default();
    let resource = [
        ("service.name", format!("redress-{}", Side::HERE).into()),
        ("service.namespace", "redress".into()),
        ("deployment.environment.name", cell.into()),
    ];
    Some(Collector { url, headers: format!("content-type: application/json{headers}"), share, resource })
}

fn with<T>(runtime: &Runtime, act: impl FnOnce(&Collector) -> T) -> Option<T> {
    COLLECTOR.with(|known| known.get_or_init(|| read(runtime)).as_ref().map(act))
}

/// This invocation's place in a trace. If that is recorded, so is what it does.
pub(crate) fn begin(runtime: &Runtime, place: TraceParent) -> TraceParent {
    let Some(recorded) = with(runtime, |collector| place.is_of_share(collector.share)) else { return place };
    let place = place.sampled(recorded);
    if recorded {
        runtime.meter.span.replace(Some(place.clone()));
    }
    place
}

fn keep(span: Span) {
    WAITING.with_borrow_mut(|waiting| {
        if waiting.len() < MAX_SPANS {
            waiting.push(span);
        } else {
            metrics::count(families::SPANS, &[Side::HERE, "dropped"], 1);
        }
    });
}

/// A request was answered.
pub(crate) fn answered(runtime: &Runtime, parent: Option<TraceParent>, answered: &Answered<'_>, begun: Timestamp) {
    let Some(place) = runtime.meter.span.take() else { return };
    let mut attributes: Vec<(&'static str, Attribute)> = vec![
        ("http.request.method", answered.method.into()),
        ("http.route", answered.route.into()),
        ("http.response.status_code", u32::from(answered.status).into()),
        ("redress.request_id", answered.request_id.to_string().into()),
    ];
    if let Some(tenant) = answered.tenant {
        attributes.push(("redress.tenant", tenant.to_string().into()));
    }
    keep(Span {
        place,
        parent: parent.map(|parent| parent.span_id().to_owned()),
        name: format!("{} {}", answered.method, answered.route),
        kind: SpanKind::Server,
        begun,
        ended: platform::now(),
        attributes,
        failed: answered.status >= 500,
    });
}

/// Something was asked in the course of an invocation.
pub(crate) fn asked(
    meter: &Meter,
    name: impl FnOnce() -> String,
    begun: Timestamp,
    failed: bool,
    attributes: impl FnOnce() -> Vec<(&'static str, Attribute)>,
) {
    if let Some(within) = meter.span.borrow().as_ref() {
        keep(part(within, name(), SpanKind::Client, begun, failed, attributes()));
    }
}

/// Something was done because of what `within` names, later and elsewhere.
pub(crate) fn followed(
    runtime: &Runtime,
    within: Option<&str>,
    (name, kind): (&str, SpanKind),
    begun: Timestamp,
    failed: bool,
    attributes: Vec<(&'static str, Attribute)>,
) {
    let within = within.and_then(TraceParent::parse).filter(|_| with(runtime, |_| ()).is_some());
    if let Some(within) = within {
        keep(part(&within, name.to_owned(), kind, begun, failed, attributes));
    }
}

fn part(
    within: &TraceParent,
    name: String,
    kind: SpanKind,
    begun: Timestamp,
    failed: bool,
    attributes: Vec<(&'static str, Attribute)>,
) -> Span {
    let (place, parent) = (within.child(&platform::random()), Some(within.span_id().to_owned()));
    Span { place, parent, name, kind, begun, ended: platform::now(), attributes, failed }
}

/// Sends what has gathered. What the collector does not take is lost: it is told of what happens, not of what counts.
pub(crate) async fn hand_in(runtime: &Runtime) {
    let spans = WAITING.take();
    if spans.is_empty() {
        return;
    }
    let sending = with(runtime, |collector| {
        (collector.url.clone(), collector.headers.clone(), export(&collector.resource, &spans))
    });
    let Some((url, headers, body)) = sending else { return };
    let taken = platform::send_out(&url, &headers, &body, PATIENCE_MILLIS).await.failure().is_none();
    let outcome = if taken { "sent" } else { "refused" };
    metrics::count(families::SPANS, &[Side::HERE, outcome], u32::try_from(spans.len()).unwrap_or_default());
}
