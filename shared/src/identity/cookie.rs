//! Cookies as texts (RFC 6265bis). All are `__Host-` (§4.1.3.2): `Secure`, of this host alone, for every path, so that no other host of
//! the same domain, and no page without TLS, can set one.

/// A cookie of this service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// The name.
    pub name: &'static str,
    /// When a browser sends it to us.
    pub same_site: SameSite,
}

/// When a browser sends a cookie along with a request that began on another site (RFC 6265bis §5.6.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// With a link that somebody follows, so that a link in a mail opens a case for whoever is signed in.
    Lax,
    /// Never.
    Strict,
}

impl SameSite {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Lax => "Lax",
            Self::Strict => "Strict",
        }
    }
}

/// The access token. Lax: a link in a mail shows a page.
pub const ACCESS: Cookie = Cookie { name: "__Host-redress-access", same_site: SameSite::Lax };
/// The refresh token. Lax as well: by the time somebody follows that link, the access token has ended.
pub const REFRESH: Cookie = Cookie { name: "__Host-redress-refresh", same_site: SameSite::Lax };
/// The attempt to sign in. Lax: the provider sends the browser back by a link. The newest attempt of a browser is the one that counts.
pub const ATTEMPT: Cookie = Cookie { name: "__Host-redress-attempt", same_site: SameSite::Lax };
/// Which browser asked for a link by mail. Strict: only our own page's button uses it.
pub const BROWSER: Cookie = Cookie { name: "__Host-redress-browser", same_site: SameSite::Strict };

/// What the browser has seen of databases, as `Redress-Bookmark` has it: nobody is shown a page older than what they have just done.
pub const SEEN: Cookie = Cookie { name: "__Host-redress-seen", same_site: SameSite::Lax };

/// The most bytes of a name and a value that browsers take (RFC 6265bis §5.6).
pub const MAX_BYTES: usize = 4_096;

impl Cookie {
    /// `Set-Cookie`, for so many seconds. The value must be in base64url or with dots: what no cookie has to quote.
    #[must_use]
    pub fn set(&self, value: &str, seconds: i64) -> String {
        let Self { name, same_site } = self;
        let seconds = seconds.max(0);
        format!("{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite={}", same_site.as_str())
    }

    /// `Set-Cookie` that takes it away.
    #[must_use]
    pub fn clear(&self) -> String {
        self.set("", 0)
    }

    /// Its value in a `Cookie` header (RFC 6265bis §5.8.3). `None` where it is missing, empty, or there twice: one of the two is not ours.
    #[must_use]
    pub fn of<'h>(&self, header: &'h str) -> Option<&'h str> {
        let pairs = header.split(';').filter_map(|pair| pair.trim_matches([' ', '\t']).split_once('='));
        let mut values = pairs.filter(|(name, _)| *name == self.name).map(|(_, value)| value);
        let value = values.next().filter(|value| !value.is_empty())?;
        if values.next().is_none() { Some(value) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_this_hosts_alone() {
        assert_eq!(
            ACCESS.set("a.b.c", 300),
            "__Host-redress-access=a.b.c; Path=/; Max-Age=300; Secure; HttpOnly; SameSite=Lax"
        );
        assert_eq!(BROWSER.clear(), "__Host-redress-browser=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict");
        for cookie in [ACCESS, REFRESH, ATTEMPT, BROWSER] {
            assert!(cookie.name.starts_with("__Host-") && !cookie.set("x", 1).contains("Domain"));
        }
    }

    #[test]
    fn a_value_is_found_once() {
        let name = ACCESS.name;
        for (header, value) in [
            (format!("{name}=x"), Some("x")),
            (format!("a=b; {name}=x.y=; c"), Some("x.y=")),
            (format!("{name}=x; {name}=y"), None),
            (format!("{name}="), None),
            (format!("x{name}=x"), None),
            (String::new(), None),
            (";;=;".to_owned(), None),
        ] {
            assert_eq!(ACCESS.of(&header), value, "{header}");
        }
    }
}
