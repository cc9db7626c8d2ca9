//! The Worker: a page in, its PDF out.

use crate::page::{Page, Unprinted};
use worker::{Context, Env, Method, Request, Response, event};

/// The bytes of a request, at most: as many as the longest page takes.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// `POST` a [`Page`] as JSON: 200 and a PDF, 422 and why it cannot be printed, 400 for what is no page, 405 for other methods.
#[event(fetch)]
async fn fetch(mut request: Request, _env: Env, _context: Context) -> worker::Result<Response> {
    if request.method() != Method::Post {
        return Response::error("POST a page", 405);
    }
    let bytes = request.bytes().await?;
    let page = Some(&bytes).filter(|bytes| bytes.len() <= MAX_BYTES);
    let Some(page) = page.and_then(|bytes| serde_json::from_slice::<Page>(bytes).ok()) else {
        return Response::error("not a page of at most 8 MiB", 400);
    };
    match crate::pdf::pdf(&page) {
        Ok(pdf) => Ok(Response::builder().with_header("content-type", "application/pdf")?.fixed(pdf)),
        Err(error) => Ok(Response::from_json(&Unprinted { not_printable: error.to_string() })?.with_status(422)),
    }
}
