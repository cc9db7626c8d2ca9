//! The consumer portal, as far as it needs no I/O: what a firm sets for it, what it hands to browsers, drafts, forms as they come, and
//! what an answered draft says as a complaint.

pub mod complaint;
pub mod draft;
pub mod form;
pub mod key;
pub mod session;
pub mod settings;

use crate::{
    identity::cookie::{Cookie, SameSite},
    tenant::Slug,
};

/// Which browser it is, for tokens against forged requests.
pub const VISITOR: Cookie = Cookie { name: "__Host-redress-visitor", same_site: SameSite::Lax };
/// The draft that this browser has. Lax: a link in a mail leads back to it.
pub const DRAFT: Cookie = Cookie { name: "__Host-redress-draft", same_site: SameSite::Lax };
/// The complaint that this browser has just sent.
pub const RECEIVED: Cookie = Cookie { name: "__Host-redress-received", same_site: SameSite::Lax };
/// The attempt to show that a complaint is theirs: which code was mailed.
pub const TRACKING: Cookie = Cookie { name: "__Host-redress-tracking", same_site: SameSite::Lax };
/// That a complaint is theirs.
pub const CASE: Cookie = Cookie { name: "__Host-redress-case", same_site: SameSite::Lax };
/// Language and format.
pub const READING: Cookie = Cookie { name: "__Host-redress-reading", same_site: SameSite::Lax };

/// First parts of addresses that are the service's own, and so no firm's slug.
pub const RESERVED: &[&str] = &[
    "api",
    "app",
    "assets",
    "favicon",
    "files",
    "healthz",
    "login",
    "mail-events",
    "metrics",
    "openapi",
    "openid",
    "operator",
    "opt-out",
    "readyz",
    "robots",
    "scim",
    "static",
    "status",
    "v1",
    "v2",
    "vendor",
    "well-known",
];

/// Whether an address's first part is the service's own.
#[must_use]
pub fn is_reserved(part: &str) -> bool {
    RESERVED.contains(&part)
}

/// The firm's slug that an address begins with; none of the service's own addresses begins with one.
#[must_use]
pub fn slug_of(path: &str) -> Option<Slug> {
    let first = path.strip_prefix('/')?.split('/').next()?;
    // An address of one part is no firm's: all of theirs go on.
    let goes_on = path.len() > first.len() + 1;
    Slug::try_from(first.to_owned()).ok().filter(|_| goes_on && !is_reserved(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_of_this_host_alone_and_of_different_names() {
        let cookies = [VISITOR, DRAFT, RECEIVED, TRACKING, CASE, READING];
        let names: std::collections::BTreeSet<_> = cookies.iter().map(|cookie| cookie.name).collect();
        assert_eq!(names.len(), cookies.len());
        assert!(names.iter().all(|name| name.starts_with("__Host-")));
        assert!(RESERVED.is_sorted());
    }
}
