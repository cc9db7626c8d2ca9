//! SCIM 2.0 (RFC 7643, RFC 7644): a firm's directory enters its staff here, changes them and takes them away.
//!
//! Users are people ([`crate::identity::person`]), groups are teams. What a directory sends and this service does not keep is ignored, as
//! RFC 7643 §2.1 and RFC 7644 §3.3 have it; what large directories send that is not quite the standard is taken, and tested as they send it.

pub mod discovery;
pub mod error;
pub mod filter;
pub mod group;
pub mod list;
pub mod patch;
pub mod user;

/// The media type (RFC 7644 §3.1). `application/json` is taken as well.
pub const MEDIA_TYPE: &str = "application/scim+json";
/// The schema of users (RFC 7643 §4.1).
pub const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of groups (RFC 7643 §4.2).
pub const GROUP_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The schema of lists (RFC 7644 §3.4.2).
pub const LIST_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// The schema of errors (RFC 7644 §3.12).
pub const ERROR_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// The largest body that is read, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;
