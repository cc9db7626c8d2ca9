//! Signatures: made and checked with keys that are passed in.

pub mod api_key;
pub mod content_digest;
mod eddsa;
pub mod http_message;
pub mod refusal;
pub mod request_key;
pub mod request_profile;
