//! The consumer portal: `docs/portal.md`. A file for each part of a consumer's way; what all pages have is in [`page`].

#[cfg(feature = "web")]
pub(crate) mod brand;
#[cfg(feature = "web")]
pub(crate) mod case;
#[cfg(feature = "web")]
pub(crate) mod complain;
#[cfg(feature = "web")]
mod draft;
#[cfg(feature = "web")]
pub(crate) mod evidence;
#[cfg(feature = "web")]
pub(crate) mod keep;
#[cfg(feature = "web")]
pub(crate) mod page;
pub(crate) mod post;
#[cfg(feature = "web")]
pub(crate) mod send;
#[cfg(feature = "web")]
pub(crate) mod track;
mod turns;

pub(crate) use turns::sweep;

/// Whatever else is asked for below a firm's slug.
#[cfg(feature = "web")]
pub(crate) async fn missing(_page: std::rc::Rc<page::PageCall>) -> crate::call::Outcome {
    Err(crate::failure::Failure::new(shared::http::problem::Code::NotFound))
}
