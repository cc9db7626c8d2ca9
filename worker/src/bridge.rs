//! Between the runtime and axum: native request in, fixed body out.
//!
//! axum sees only method and path, to route by; the native request travels beside it, and the answer comes back as
//! a [`Reply`]. Worker's own conversions copy every header and stream every body, which costs more than all the
//! rest of a small request.

use crate::{
    call::{Call, Outcome, Reply},
    config::Config,
    failure::Failure,
    gateway::{self, Endpoint},
    live,
    log::{self, Answered},
    metrics,
    platform::{self, Incoming, Runtime, Spent},
    router, tracing,
};
use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts as _, MatchedPath, RawPathParams, Request},
    response::Response,
};
use futures_util::FutureExt as _;
use http::{StatusCode, header};
use shared::{
    http::{
        problem::{Code, Problem},
        trace::TraceParent,
    },
    ids::RequestId,
    portal::slug_of,
};
use std::{
    cell::{OnceCell, RefCell},
    panic::AssertUnwindSafe,
    rc::Rc,
};
use tower_service::Service as _;
use worker::{Context, Env, send::SendWrapper, web_sys};

thread_local! {
    static ROUTER: OnceCell<Router> = const { OnceCell::new() };
}

/// What goes into the router beside a request, and what comes out beside the response.
#[derive(Default)]
struct Exchange {
    call: Option<Call>,
    outcome: Option<Outcome>,
    route: Option<String>,
}

type SharedExchange = SendWrapper<Rc<RefCell<Exchange>>>;

/// Serves one request. Whatever happens, the caller gets an answer with a request id.
pub(crate) async fn serve(request: web_sys::Request, env: Env, context: Context) -> web_sys::Response {
    let begun = platform::now();
    let runtime = Runtime::new(env);
    let request_id = RequestId::new(begun, &platform::entropy());
    runtime.meter.request.set(Some(request_id));
    let config = match Config::of(&runtime) {
        Ok(config) => config,
        Err(error) => {
            log::fault("misconfigured", &error);
            let reply = told(Failure::new(Code::Unavailable), request_id);
            return render(&reply, &format!("x-request-id: {request_id}"));
        }
    };
    let (incoming, context) = (Incoming::new(request.into()), Rc::new(context));
    let call = Call::new(runtime.clone(), Rc::clone(&config), Rc::clone(&context), incoming, begun);
    let method = call.incoming.head.method.clone();
    let address = call.incoming.head.address.clone();
    let (trace, parent) = (call.trace.clone(), TraceParent::parse(&call.incoming.head.traceparent));

    let exchange = Rc::new(RefCell::new(Exchange { call: Some(call), ..Exchange::default() }));
    let routed = AssertUnwindSafe(route(&exchange)).catch_unwind().await;
    let Exchange { outcome, route, .. } = exchange.take();
    let outcome = match (outcome, routed) {
        (Some(outcome), _) => outcome,
        (None, Ok(unmatched)) => Err(unmatched),
        (None, Err(_)) => Err(Failure::internal("panicked; the reason is on the line before")),
    };
    let outcome = match outcome {
        Err(failure) => Err(gateway::admission::limit_stranger(&runtime, &config, &address, failure).await),
        outcome => outcome,
    };
    let code = outcome.as_ref().err().map(|failure| failure.code);
    let reason = outcome.as_ref().err().and_then(|failure| failure.reason().map(str::to_owned));
    let mut reply = outcome.unwrap_or_else(|failure| told(failure, request_id));
    let native = reply.native.take();

    let mut headers = format!("x-request-id: {request_id}\ntraceparent: {}", trace.to_header());
    if config.expose_cost {
        let meter = &runtime.meter;
        let (calls, read, written) = (meter.d1_calls.get(), meter.rows_read.get(), meter.rows_written.get());
        let objects = meter.object_calls.get();
        let Spent { hops, d1_calls, rows_read, rows_written, messages, kv_reads } = platform::spent();
        headers.push_str(&format!(
            "\nredress-cost: d1={calls};read={read};written={written};objects={objects};all-d1={d1_calls};\
             all-read={rows_read};all-written={rows_written};messages={messages};kv={kv_reads};hops={hops}"
        ));
    }
    headers.push_str(&runtime.meter.limits.borrow());
    if let Some(seen) = runtime.seen() {
        headers.push_str(&format!("\nredress-bookmark: {seen}"));
    }
    let answered = Answered {
        request_id,
        trace_id: trace.trace_id(),
        method: &method,
        route: route.as_deref().unwrap_or("none"),
        status: reply.status,
        duration_ms: platform::now().unix_millis() - begun.unix_millis(),
        d1_calls: runtime.meter.d1_calls.get(),
        tenant: runtime.meter.caller.get().map(|(tenant, _)| tenant),
        key: runtime.meter.caller.get().and_then(|(_, key)| key),
        code,
        error: reason.as_deref(),
    };
    if native.is_none() || !runtime.meter.answered_beside.get() {
        log::request(&config, &answered);
        metrics::answered(&answered);
        tracing::answered(&runtime, parent, &answered, begun);
    }
    // The staff Worker writes no complaint itself.
    #[cfg(any(feature = "front", feature = "middle", feature = "courier", feature = "back", feature = "web"))]
    live::tell_later(&runtime, |work| context.wait_until(work));
    metrics::hand_in_later(&runtime, |work| context.wait_until(work));
    native.unwrap_or_else(|| render(&reply, &headers))
}

/// Lets axum find the handler. What it answers itself comes back as a failure.
async fn route(exchange: &Rc<RefCell<Exchange>>) -> Failure {
    let head = exchange.borrow().call.as_ref().map(|call| {
        let head = &call.incoming.head;
        http::Request::builder().method(head.method.as_str()).uri(head.path.as_str()).body(Body::empty())
    });
    let Some(Ok(mut request)) = head else { return Failure::new(Code::NotFound) };
    request.extensions_mut().insert(SendWrapper(Rc::clone(exchange)));
    let mut router = ROUTER.with(|router| router.get_or_init(router::router).clone());
    let Ok(response) = router.call(request).await;
    let allow = response.headers().get(header::ALLOW).and_then(|allow| allow.to_str().ok());
    match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => Failure::new(Code::MethodNotAllowed).allow(allow.unwrap_or_default()),
        StatusCode::NOT_FOUND => Failure::new(Code::NotFound),
        other => Failure::internal(format!("the router answered {other}")),
    }
}

/// Runs a handler, from inside the router.
pub(crate) async fn answer(request: Request, endpoint: Endpoint) -> Response {
    let (mut parts, _) = request.into_parts();
    let exchange = parts.extensions.get::<SharedExchange>().map(|shared| Rc::clone(&shared.0));
    let values = RawPathParams::from_request_parts(&mut parts, &()).await;
    if let Some(exchange) = exchange {
        let call = exchange.borrow_mut().call.take();
        exchange.borrow_mut().route = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned());
        let outcome = match (call, values) {
            (Some(mut call), Ok(values)) => {
                call.path_values = values.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
                gateway::pass(call, endpoint).await
            }
            // Percent-encoded bytes that are not text name nothing.
            _ => Err(Failure::new(Code::NotFound)),
        };
        exchange.borrow_mut().outcome = Some(outcome);
    }
    Response::default()
}

/// The same where nothing is: below a firm's slug that is a page.
pub(crate) async fn answer_missing(request: Request, endpoint: Endpoint) -> Response {
    if slug_of(request.uri().path()).is_some() {
        return answer(request, endpoint).await;
    }
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// A failure as the caller is told it.
fn told(failure: Failure, request_id: RequestId) -> Reply {
    let code = failure.code;
    let allow = failure.allowed();
    let retry_after = failure.retry_after();
    let size = failure.size();
    let problem = failure.into_problem(request_id);
    let reply = Reply {
        status: problem.status,
        headers: Vec::new(),
        content_type: Problem::MEDIA_TYPE,
        body: serde_json::to_vec(&problem).unwrap_or_default(),
        pieces: None,
        socket: None,
        native: None,
    };
    match code {
        Code::Unauthenticated | Code::SignatureRefused => reply.header("www-authenticate", "Bearer".to_owned()),
        Code::Unavailable | Code::QuotaExceeded => reply.header("retry-after", retry_after.to_string()),
        Code::RangeNotSatisfiable => reply.header("content-range", format!("bytes */{size}")),
        Code::MethodNotAllowed => reply.header("allow", allow),
        Code::UpgradeRequired => reply.header("upgrade", "websocket".to_owned()),
        _ => reply,
    }
}

/// What every answer carries besides.
const ALWAYS: &str = "x-content-type-options: nosniff";
/// What every answer carries that does not say itself how long it may be kept.
const NOT_KEPT: (&str, &str) = ("cache-control", "no-store");

fn render(reply: &Reply, headers: &str) -> web_sys::Response {
    let mut lines = format!("{ALWAYS}\n{headers}");
    if !reply.headers.iter().any(|(name, _)| *name == NOT_KEPT.0) {
        lines.push_str(&format!("\n{}: {}", NOT_KEPT.0, NOT_KEPT.1));
    }
    if reply.socket.is_none() {
        lines.push_str(&format!("\ncontent-type: {}", reply.content_type));
    }
    for (name, value) in &reply.headers {
        lines.push_str(&format!("\n{name}: {value}"));
    }
    match (&reply.socket, &reply.pieces) {
        (Some(socket), _) => platform::respond_with_socket(&lines, socket),
        (None, Some(pieces)) => platform::respond_in_pieces(reply.status, &lines, pieces),
        (None, None) => platform::respond(reply.status, &lines, &reply.body),
    }
}
