//! The Worker of a cell: every entry point is here and nowhere else.
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

mod api;
mod bridge;
mod bulk;
mod call;
mod config;
mod deliver;
mod duplicates;
mod failure;
mod gateway;
mod indexing;
mod log;
#[cfg(not(target_arch = "wasm32"))]
pub mod openapi;
mod platform;
mod relocate;
mod router;
mod store;
mod tick;

use durable as _;
use platform::Runtime;
use worker::{Context, Env, MessageBatch, ScheduleContext, ScheduledEvent, event, web_sys};

#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, context: Context) -> worker::Result<web_sys::Response> {
    Ok(bridge::serve(request, env, context).await)
}

/// Never fails: each message is settled on its own, and an error here would panic in the macro.
#[event(queue)]
async fn queue(batch: MessageBatch<String>, env: Env, _context: Context) -> worker::Result<()> {
    deliver::consumer::consume(&batch, &Runtime::new(env)).await;
    Ok(())
}

#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    tick::tick(&Runtime::new(env)).await;
}
