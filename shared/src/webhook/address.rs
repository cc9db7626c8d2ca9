//! Where messages may be sent to. A firm chooses the address and this service sends there, so it must not be one that only the service
//! can reach (server-side request forgery; OWASP, "Server Side Request Forgery Prevention", and Standard Webhooks, "SSRF").
//!
//! What is let through is narrow, so that no two readers of URLs can differ on it: plain ASCII, no credentials, and a host that is a
//! public name. IP addresses are refused in every spelling, public ones too: certificates for them are as good as not in use.

/// The most bytes of an address.
pub const MAX_URL: usize = 2_000;

/// Names, and ends of names, that are not in the public DNS or lead back to whoever asks (RFC 6761, RFC 6762, RFC 8375, RFC 7686,
/// RFC 9476, ICANN 2024 on `.internal`), and those that private networks use all the same.
const PRIVATE_NAMES: [&str; 16] = [
    "alt",
    "arpa",
    "corp",
    "example",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "mail",
    "onion",
    "private",
    "test",
];

/// Why an address is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not `https://host…`, or with characters that have to be escaped.
    #[error("must be https://, a host name, perhaps a port, a path and a query, in ASCII and without a fragment")]
    Form,
    /// A name and password before the host.
    #[error("must have no user name nor password")]
    Credentials,
    /// A port that other things than web servers listen on.
    #[error("must have port 443, or one of 1024 to 65535")]
    Port,
    /// A literal IP address, in whatever spelling.
    #[error("must name its host, and not an IP address")]
    IpAddress,
    /// A name that is not in the public DNS.
    #[error("must have a host name of the public DNS")]
    PrivateName,
}

/// Whether messages may be sent there. `loopback` lets plain `http://127.0.0.1:<port>` pass: for tests and for development.
///
/// # Errors
/// [`Refused`], the first rule that it breaks.
pub fn check(url: &str, loopback: bool) -> Result<(), Refused> {
    if loopback && url.starts_with("http://127.0.0.1:") {
        return Ok(());
    }
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\\\"<>^`{|}#".contains(&byte);
    let rest = url.strip_prefix("https://").filter(|_| url.len() <= MAX_URL && url.bytes().all(plain));
    let authority = rest.and_then(|rest| rest.split(['/', '?']).next()).ok_or(Refused::Form)?;
    if authority.contains('@') {
        return Err(Refused::Credentials);
    }
    if authority.starts_with('[') {
        return Err(Refused::IpAddress);
    }
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    check_host(&host.to_ascii_lowercase())?;
    // Written as a number is: no sign, no zeros before it.
    let number = port.parse().ok().filter(|number: &u16| number.to_string() == port);
    if number.is_some_and(|port| port == 443 || port >= 1024) { Ok(()) } else { Err(Refused::Port) }
}

fn check_host(host: &str) -> Result<(), Refused> {
    let labels: Vec<&str> = host.split('.').collect();
    let is_label = |label: &&str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    if host.len() > 253 || !labels.iter().all(is_label) {
        return Err(Refused::Form);
    }
    let last = labels.last().copied().unwrap_or_default();
    // A host whose last label is a number is an IPv4 address, decimal, octal or hexadecimal (WHATWG URL, "ends in a number").
    if last.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(Refused::IpAddress);
    }
    if labels.len() < 2 || PRIVATE_NAMES.contains(&last) {
        return Err(Refused::PrivateName);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_names_are_let_through() {
        for url in [
            "https://hooks.example.com",
            "https://hooks.example.com/redress?tenant=1&x=%20",
            "https://HOOKS.Example.COM:443/",
            "https://hooks.example.com:8443/a/b",
            "https://xn--bcher-kva.example.net?x",
            "https://1.2.3.4.example.com/",
        ] {
            assert_eq!(check(url, false), Ok(()), "{url}");
        }
    }

    #[test]
    fn whatever_only_the_service_may_reach_is_refused() {
        for (url, why) in [
            ("http://hooks.example.com/", Refused::Form),
            ("HTTPS://hooks.example.com/", Refused::Form),
            ("ftp://hooks.example.com/", Refused::Form),
            ("https:///hooks", Refused::Form),
            ("https://", Refused::Form),
            ("", Refused::Form),
            ("https://hooks.example.com/#x", Refused::Form),
            ("https://hooks.example.com\\@127.0.0.1/", Refused::Form),
            ("https://hooks.example.com /", Refused::Form),
            ("https://hooks.example.com/\r\nx: y", Refused::Form),
            ("https://b\u{fc}cher.example.net/", Refused::Form),
            ("https://127.0.0.1\u{3002}nip.io/", Refused::Form),
            ("https://hooks.%65xample.com/", Refused::Form),
            ("https://localhost./", Refused::Form),
            ("https://hooks..example.com/", Refused::Form),
            ("https://-hooks.example.com/", Refused::Form),
            ("https://user@hooks.example.com/", Refused::Credentials),
            ("https://user:secret@hooks.example.com/", Refused::Credentials),
            ("https://hooks.example.com:80/", Refused::Port),
            ("https://hooks.example.com:22/", Refused::Port),
            ("https://hooks.example.com:0443/", Refused::Port),
            ("https://hooks.example.com:/", Refused::Port),
            ("https://hooks.example.com:65536/", Refused::Port),
            ("https://hooks.example.com:443:443/", Refused::Port),
            ("https://127.0.0.1/", Refused::IpAddress),
            ("https://127.1/", Refused::IpAddress),
            ("https://2130706433/", Refused::IpAddress),
            ("https://0x7f000001/", Refused::IpAddress),
            ("https://0x7f.0x0.0x0.0x1/", Refused::IpAddress),
            ("https://0177.0.0.01/", Refused::IpAddress),
            ("https://169.254.169.254/latest/meta-data", Refused::IpAddress),
            ("https://10.0.0.7:8443/", Refused::IpAddress),
            ("https://8.8.8.8/", Refused::IpAddress),
            ("https://[::1]/", Refused::IpAddress),
            ("https://[::ffff:127.0.0.1]:8443/", Refused::IpAddress),
            ("https://[fd00:ec2::254]/", Refused::IpAddress),
            ("https://[::]/", Refused::IpAddress),
            ("https://localhost/", Refused::PrivateName),
            ("https://LOCALHOST:8443/", Refused::PrivateName),
            ("https://a.localhost/", Refused::PrivateName),
            ("https://intranet/", Refused::PrivateName),
            ("https://printer.local/", Refused::PrivateName),
            ("https://metadata.google.internal/", Refused::PrivateName),
            ("https://router.home.arpa/", Refused::PrivateName),
            ("http://127.0.0.1:8080/", Refused::Form),
        ] {
            assert_eq!(check(url, false), Err(why), "{url}");
        }
        let long = format!("https://hooks.example.com/{}", "a".repeat(MAX_URL));
        assert_eq!(check(&long, false), Err(Refused::Form));
    }

    #[test]
    fn only_tests_and_development_reach_this_machine() {
        assert_eq!(check("http://127.0.0.1:8080/x", true), Ok(()));
        for url in ["http://127.0.0.2:8080/", "http://localhost:8080/", "http://10.0.0.1:8080/", "https://127.0.0.1/"] {
            assert!(check(url, true).is_err(), "{url}");
        }
    }
}
