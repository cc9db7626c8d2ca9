//! Whom a mail is for: a firm, and maybe one of its complaints, by an address that was signed here.

use crate::{
    http::cursor::CursorKey,
    ids::{ComplaintId, TenantId},
    tenant::Slug,
};

/// What the part before the `@` is where the firm's name stands behind it.
const MAILBOX: &str = "complaints";

/// An address here: `<slug>@<domain>` or `complaints@<slug>.<domain>`, either with `+<token>` before the `@` (RFC 5233).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The firm.
    pub slug: Slug,
    /// What stands behind the `+`, in lower case: nobody has said yet that it is genuine.
    pub token: Option<String>,
}

/// The firm's address that this is, if it is one. Case does not matter (RFC 5321 §2.4 leaves that to the host).
#[must_use]
pub fn recipient(address: &str, domain: &str) -> Option<Recipient> {
    let address = address.trim().to_ascii_lowercase();
    let (local, host) = address.rsplit_once('@')?;
    let (name, token) = match local.split_once('+') {
        Some((name, token)) => (name, Some(token.to_owned()).filter(|token| !token.is_empty())),
        None => (local, None),
    };
    let slug =
        if host == domain { name } else { host.strip_suffix(domain)?.strip_suffix('.').filter(|_| name == MAILBOX)? };
    Some(Recipient { slug: Slug::try_from(slug.to_owned()).ok()?, token })
}

/// Bytes of a complaint's id, and of the tag behind it: 80 bits, which nobody guesses one mail at a time.
const ID: usize = 16;
const TAG: usize = 10;

/// What stands for a complaint in an address to which its complainant answers, and in the Message-ID of what is sent: the id and a tag
/// that only this cell can make. 42 letters and digits, of which case does not matter.
#[must_use]
pub fn token(tenant: TenantId, complaint: ComplaintId, key: &CursorKey) -> String {
    let mut bytes = complaint.bytes().to_vec();
    bytes.extend_from_slice(&tag(tenant, complaint, key));
    base32(&bytes)
}

/// The complaint that a token stands for. `None` if it was not made here for this firm.
#[must_use]
pub fn open(token: &str, tenant: TenantId, key: &CursorKey) -> Option<ComplaintId> {
    let bytes = unbase32(token)?;
    let (id, tagged) = bytes.split_at_checked(ID)?;
    let complaint = ComplaintId::from_bytes(id.try_into().ok()?).ok()?;
    // Of equal length, and what is compared is no secret of the caller's: see the tag of links.
    let genuine: bool = subtle::ConstantTimeEq::ct_eq(tag(tenant, complaint, key).as_slice(), tagged).into();
    genuine.then_some(complaint)
}

/// The address to which a complainant answers about a complaint. At most 64 characters stand before its `@` (RFC 5321 §4.5.3.1.1).
#[must_use]
pub fn reply_to(slug: &Slug, tenant: TenantId, complaint: ComplaintId, key: &CursorKey, domain: &str) -> String {
    let token = token(tenant, complaint, key);
    let local = format!("{slug}+{token}");
    if local.len() <= 64 { format!("{local}@{domain}") } else { format!("{MAILBOX}+{token}@{slug}.{domain}") }
}

/// The complaint that an id of a message that was sent from here stands for: `<token>.<anything>@<domain>`.
#[must_use]
pub fn of_message_id(id: &str, tenant: TenantId, key: &CursorKey) -> Option<ComplaintId> {
    open(id.split(['.', '@']).next().unwrap_or_default(), tenant, key)
}

fn tag(tenant: TenantId, complaint: ComplaintId, key: &CursorKey) -> [u8; TAG] {
    let whole = key.mail_tag(format!("{tenant} {complaint}").as_bytes());
    let mut tag = [0; TAG];
    tag.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
    tag
}

/// Base 32 (RFC 4648 §6) in lower case, without padding.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

fn base32(bytes: &[u8]) -> String {
    let (mut text, mut held, mut bits) = (String::new(), 0_u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            push(&mut text, held >> bits);
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        push(&mut text, held << (5 - bits));
    }
    text
}

fn push(text: &mut String, value: u32) {
    text.push(ALPHABET.get((value & 31) as usize).copied().map_or('a', char::from));
}

/// `None` unless it is the one spelling of as many bytes as a token has.
fn unbase32(text: &str) -> Option<Vec<u8>> {
    let text = text.to_ascii_lowercase();
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for symbol in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == symbol)?;
        held = held << 5 | u32::try_from(value).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 255).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    (bytes.len() == ID + TAG && base32(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    const DOMAIN: &str = "mail.redress.example";

    fn key(byte: u8) -> CursorKey {
        CursorKey::from_base64url(&URL_SAFE_NO_PAD.encode([byte; 32])).unwrap()
    }

    #[test]
    fn an_address_names_a_firm() {
        for (address, slug, token) in [
            ("northwind@mail.redress.example", "northwind", None),
            ("Complaints@Northwind.Mail.Redress.Example", "northwind", None),
            ("complaints+abc@northwind.mail.redress.example", "northwind", Some("abc")),
            ("northwind+ABC+d@mail.redress.example", "northwind", Some("abc+d")),
            ("northwind+@mail.redress.example", "northwind", None),
        ] {
            let expected =
                Recipient { slug: Slug::try_from(slug.to_owned()).unwrap(), token: token.map(str::to_owned) };
            assert_eq!(recipient(address, DOMAIN), Some(expected), "{address}");
        }
        for other in [
            "",
            "northwind",
            "northwind@example.com",
            "northwind@evilmail.redress.example",
            "info@northwind.mail.redress.example",
            "complaints@a.b.mail.redress.example",
            "x@mail.redress.example",
            "complaints@.mail.redress.example",
        ] {
            assert_eq!(recipient(other, DOMAIN), None, "{other}");
        }
    }

    #[test]
    fn a_token_is_of_one_complaint_of_one_firm_and_one_cell() {
        let at = Timestamp::from_unix_millis(1_700_000_000_000);
        let (tenant, other) = (TenantId::new(at, &[1; 10]), TenantId::new(at, &[2; 10]));
        let complaint = ComplaintId::in_slot(at, &[3; 10], 7);
        let sealed = token(tenant, complaint, &key(1));
        assert_eq!(sealed.len(), 42);
        assert_eq!(open(&sealed, tenant, &key(1)), Some(complaint));
        assert_eq!(open(&sealed.to_uppercase(), tenant, &key(1)), Some(complaint));
        assert_eq!(of_message_id(&format!("{sealed}.1@{DOMAIN}"), tenant, &key(1)), Some(complaint));
        assert_eq!(open(&sealed, other, &key(1)), None);
        assert_eq!(open(&sealed, tenant, &key(2)), None);
        for at in 0..sealed.len() {
            let mut altered = sealed.clone().into_bytes();
            altered[at] = if altered[at] == b'a' { b'b' } else { b'a' };
            assert_eq!(open(&String::from_utf8(altered).unwrap(), tenant, &key(1)), None, "{at}");
        }
        for slug in ["abc", "a-name-of-forty-letters-that-is-as-long-a"] {
            let Ok(slug) = Slug::try_from(slug[..slug.len().min(40)].to_owned()) else { continue };
            let address = reply_to(&slug, tenant, complaint, &key(1), DOMAIN);
            assert!(address.split('@').next().unwrap().len() <= 64, "{address}");
            let read = recipient(&address, DOMAIN).unwrap();
            assert_eq!((read.slug, open(&read.token.unwrap(), tenant, &key(1))), (slug, Some(complaint)));
        }
    }

    proptest! {
        #[test]
        fn no_text_is_a_token_by_chance(text in "\\PC{0,60}|[a-z2-7]{42}") {
            let tenant = TenantId::new(Timestamp::MIN, &[1; 10]);
            prop_assert_eq!(open(&text, tenant, &key(1)), None);
            let _anything = recipient(&text, DOMAIN);
        }
    }
}
