//! A firm's looks: its colours as a stylesheet, and its logo.

use super::page::PageCall;
use crate::{
    call::{Outcome, Reply},
    failure::Failure,
};
use pages::brand::{Brand, Colour};
use shared::{chain::Digest, http::problem::Code, portal::settings::HexColour};
use std::rc::Rc;

/// The colour of firms that have set none.
const USUAL: Colour = Colour::new(0x1d, 0x4f, 0x91);

/// `GET /{tenant}/brand.css`
pub(crate) async fn stylesheet(page: Rc<PageCall>) -> Outcome {
    let portal = &page.settings;
    let colour = |set: &Option<HexColour>| set.as_ref().and_then(|set| Colour::try_from(set.as_str()).ok());
    let main = colour(&portal.colour).unwrap_or(USUAL);
    let brand = Brand { main, second: colour(&portal.second_colour).unwrap_or(main) };
    Ok(kept(&page, "text/css; charset=utf-8", brand.stylesheet().into_bytes()))
}

/// `GET /{tenant}/logo`
pub(crate) async fn logo(page: Rc<PageCall>) -> Outcome {
    let logo = page.settings.logo.as_ref().ok_or(Failure::new(Code::NotFound))?;
    let bytes = logo.bytes().ok_or(Failure::new(Code::NotFound))?;
    let reply = kept(&page, logo.media_type.as_str(), bytes);
    Ok(reply.header("content-security-policy", "sandbox; default-src 'none'".to_owned()))
}

/// An answer that is the same for everybody, and may be kept for some minutes; then it is asked whether it has changed.
fn kept(page: &PageCall, content_type: &'static str, bytes: Vec<u8>) -> Reply {
    let etag = format!("\"{}\"", Digest::of(&bytes));
    let known = page.call.incoming.header("if-none-match").is_some_and(|tags| tags.contains(&etag));
    let reply = if known { Reply::empty(304) } else { Reply::bytes(content_type, bytes) };
    reply.header("etag", etag).header("cache-control", "public, max-age=300".to_owned())
}
