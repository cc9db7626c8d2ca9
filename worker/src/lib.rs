//! The Workers of a cell ([`side::Side`]): every entry point is here and nowhere else.
#![cfg_attr(
    not(test),
    deny(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::todo,
        clippy::unimplemented,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]
// None of them has a use for all of it.
#![cfg_attr(
    not(all(
        feature = "front",
        feature = "middle",
        feature = "courier",
        feature = "back",
        feature = "web",
        feature = "staff"
    )),
    allow(dead_code, unused_imports, unused_variables)
)]

mod api;
mod bridge;
mod bulk;
mod call;
mod config;
#[cfg(feature = "staff")]
mod console;
mod deliver;
mod duplicates;
mod failure;
mod gateway;
mod indexing;
mod live;
mod log;
mod mail;
mod metrics;
#[cfg(any(feature = "front", feature = "web", feature = "staff"))]
mod office;
#[cfg(all(not(target_arch = "wasm32"), feature = "web", feature = "staff"))]
pub mod openapi;
mod platform;
mod portal;
mod printing;
mod relocate;
mod router;
mod side;
mod spool;
#[cfg(feature = "staff")]
mod staff;
mod store;
mod tick;
mod tracing;
mod waking;

#[cfg(feature = "back")]
use durable as _;
#[cfg(any(feature = "middle", feature = "courier", feature = "back"))]
use platform::Runtime;
#[cfg(feature = "middle")]
use worker::ForwardableEmailMessage;
use worker::{Context, Env, event, web_sys};
#[cfg(any(feature = "middle", feature = "courier", feature = "back"))]
use worker::{MessageBatch, ScheduleContext, ScheduledEvent};

#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, context: Context) -> worker::Result<web_sys::Response> {
    Ok(bridge::serve(request, env, context).await)
}

#[cfg(feature = "middle")]
/// Fails where a mail could not be kept, so that whoever has sent it sends it again.
#[event(email)]
async fn email(message: ForwardableEmailMessage, env: Env, _context: Context) -> Result<(), platform::Fault> {
    let runtime = Runtime::new(env);
    let received = mail::receive(&runtime, platform::IncomingMail::new(message.into())).await;
    metrics::hand_in(&runtime).await;
    received
}

#[cfg(any(feature = "middle", feature = "courier", feature = "back"))]
/// Never fails: each message is settled on its own, and an error here would panic in the macro.
#[event(queue)]
async fn queue(batch: MessageBatch<String>, env: Env, _context: Context) -> worker::Result<()> {
    let runtime = Runtime::new(env);
    deliver::consumer::consume(&batch, &runtime).await;
    live::tell(&runtime).await;
    metrics::hand_in(&runtime).await;
    Ok(())
}

#[cfg(any(feature = "middle", feature = "courier", feature = "back"))]
#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    let runtime = Runtime::new(env);
    tick::tick(&runtime).await;
    live::tell(&runtime).await;
    metrics::hand_in(&runtime).await;
}
