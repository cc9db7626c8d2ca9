//! The Worker of a cell.

use worker::{Context, Env, Request, Response, event};

#[event(fetch)]
async fn fetch(_req: Request, _env: Env, _ctx: Context) -> worker::Result<Response> {
    Response::ok("{\"status\":\"ok\"}")
}
