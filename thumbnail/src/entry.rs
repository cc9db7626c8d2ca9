//! The Worker: a picture in, a small one out.

use crate::{NoThumbnail, thumbnail};
use std::panic::catch_unwind;
use worker::{Context, Env, Method, Request, Response, event};

/// `POST` a picture: 200 and a JPEG, 422 and why there is none, 405 for other methods.
#[event(fetch)]
async fn fetch(mut request: Request, _env: Env, _context: Context) -> worker::Result<Response> {
    if request.method() != Method::Post {
        return Response::error("POST a picture", 405);
    }
    let bytes = request.bytes().await?;
    // A decoder that gives up in a panic has not read it either.
    match catch_unwind(|| thumbnail(&bytes)).unwrap_or(Err(NoThumbnail::Unreadable)) {
        Ok(jpeg) => Ok(Response::builder().with_header("content-type", "image/jpeg")?.fixed(jpeg)),
        Err(error) => Response::error(error.to_string(), 422),
    }
}
