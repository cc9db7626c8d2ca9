//! The consumer portal: `docs/portal.md`. A file for each part of a consumer's way; what all pages have is in [`page`].

pub(crate) mod brand;
pub(crate) mod case;
pub(crate) mod complain;
mod draft;
pub(crate) mod evidence;
pub(crate) mod keep;
pub(crate) mod page;
pub(crate) mod post;
pub(crate) mod send;
pub(crate) mod track;

pub(crate) use draft::sweep;

use crate::{call::Outcome, failure::Failure};
use page::PageCall;
use shared::http::problem::Code;
use std::rc::Rc;

/// Whatever else is asked for below a firm's slug.
pub(crate) async fn missing(_page: Rc<PageCall>) -> Outcome {
    Err(Failure::new(Code::NotFound))
}
