//! HTTP's conventions as pure types: what requests must bring and answers must carry.

pub mod body;
pub mod bookmark;
pub mod change_query;
pub mod cursor;
pub mod etag;
pub mod idempotency;
pub mod list_query;
pub mod merge;
pub mod problem;
pub mod span;
pub mod trace;
