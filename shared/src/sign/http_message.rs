//! HTTP Message Signatures (RFC 9421) of requests: the two headers, and the signature base that they are made over.
//!
//! The request is seen through [`RequestHead`], which is asked for covered components only (and, by the profile, for
//! `idempotency-key`). Everything in a message is bounded before it is read: see the limits below.

use super::refusal::Refusal;
use sfv::{Dictionary, FieldType as _, InnerList, Item, List, ListEntry, Parser};
use std::borrow::Cow;

/// The longest `Signature-Input` and the longest `Signature` that are looked at, in bytes.
pub const MAX_HEADER: usize = 4_096;
/// The most signatures a request may have.
pub const MAX_SIGNATURES: usize = 8;
/// The most components a signature may cover.
pub const MAX_COMPONENTS: usize = 32;

/// What a signature can be made over.
pub trait RequestHead {
    /// The method, as sent.
    fn method(&self) -> &str;
    /// The absolute URI the request was sent to (RFC 9421 §2.2.2).
    fn target_uri(&self) -> &str;
    /// The lines of a header in the order of the message, none if it is not there. `name` is in lower case. A line may
    /// be several joined by a comma and a space.
    fn field_lines(&self, name: &str) -> Vec<Cow<'_, str>>;
}

/// One covered component (RFC 9421 §2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    name: String,
    /// `name` of `@query-param`, the only parameter that is supported.
    query_param: Option<String>,
    /// Name and parameters as a line of the signature base starts with them.
    identifier: String,
}

impl Component {
    /// A header's name in lower case, or a derived component's, which starts with `@`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn read(item: &Item) -> Result<Self, Refusal> {
        let identifier = item.serialize();
        let refused = || Refusal::Component(identifier.clone());
        let name = item.bare_item.as_string().ok_or_else(refused)?.as_str().to_owned();
        let mut query_param = None;
        for (key, value) in &item.params {
            match (name.as_str(), key.as_str(), value.as_string()) {
                ("@query-param", "name", Some(value)) => query_param = Some(value.as_str().to_owned()),
                _ => return Err(refused()),
            }
        }
        let bare = name.strip_prefix('@').unwrap_or(&name);
        let lower_case_token = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&b);
        let well_named = !bare.is_empty() && bare.bytes().all(lower_case_token);
        if !well_named || (name == "@query-param") != query_param.is_some() {
            return Err(refused());
        }
        Ok(Self { name, query_param, identifier })
    }

    /// The component's value in a request (RFC 9421 §2.1 and §2.2).
    ///
    /// # Errors
    /// [`Refusal::Absent`], or [`Refusal::Component`] if requests here have no such component.
    pub fn value_in(&self, head: &impl RequestHead) -> Result<String, Refusal> {
        let absent = || Refusal::Absent(self.identifier.clone());
        let uri = || TargetUri::read(head.target_uri()).ok_or_else(absent);
        Ok(match self.name.as_str() {
            "@method" => head.method().to_owned(),
            "@target-uri" => head.target_uri().to_owned(),
            "@authority" => uri()?.normal_authority(),
            "@scheme" => uri()?.scheme.to_ascii_lowercase(),
            "@request-target" => uri()?.request_target(),
            "@path" => uri()?.path.to_owned(),
            "@query" => format!("?{}", uri()?.query.unwrap_or_default()),
            "@query-param" => {
                self.query_param.as_deref().and_then(|name| uri().ok()?.param(name)).ok_or_else(absent)?
            }
            // Among them `@signature-params`, which no signature may list (RFC 9421 §2.3).
            derived if derived.starts_with('@') => return Err(Refusal::Component(self.identifier.clone())),
            field => {
                let lines = head.field_lines(field);
                if lines.is_empty() {
                    return Err(absent());
                }
                let trimmed: Vec<_> = lines.iter().map(|line| line.trim_matches([' ', '\t'])).collect();
                trimmed.join(", ")
            }
        })
    }
}

/// The parts of an absolute URI (RFC 3986 §3). A fragment is never sent and is cut off.
struct TargetUri<'a> {
    scheme: &'a str,
    authority: &'a str,
    /// Never empty: `/` stands for an empty path (RFC 9421 §2.2.6).
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> TargetUri<'a> {
    fn read(uri: &'a str) -> Option<Self> {
        let uri = uri.split('#').next()?;
        let (scheme, rest) = uri.split_once("://")?;
        let (before_query, query) = rest.split_once('?').map_or((rest, None), |(before, query)| (before, Some(query)));
        let slash = before_query.find('/').unwrap_or(before_query.len());
        let (authority, path) = before_query.split_at_checked(slash)?;
        Some(Self { scheme, authority, path: if path.is_empty() { "/" } else { path }, query })
    }

    /// In lower case and without the scheme's default port (RFC 9421 §2.2.3).
    fn normal_authority(&self) -> String {
        let authority = self.authority.to_ascii_lowercase();
        let default_port = match self.scheme.to_ascii_lowercase().as_str() {
            "https" => ":443",
            "http" => ":80",
            _ => "",
        };
        authority.strip_suffix(default_port).unwrap_or(&authority).to_owned()
    }

    /// In origin form (RFC 9421 §2.2.5): the only form a server of `https` is sent, but for `OPTIONS *`.
    fn request_target(&self) -> String {
        self.query.map_or_else(|| self.path.to_owned(), |query| format!("{}?{query}", self.path))
    }

    /// The value of the parameter that is there exactly once, percent-encoded anew (RFC 9421 §2.2.8).
    fn param(&self, name: &str) -> Option<String> {
        let encode =
            |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
        let query = self.query.unwrap_or_default().as_bytes();
        let mut values = form_urlencoded::parse(query).filter(|(key, _)| encode(key) == name).map(|(_, value)| value);
        let only = values.next()?;
        values.next().is_none().then(|| encode(&only))
    }
}

/// One signature of a request: what it covers, its parameters and its bytes. Nothing of it has been checked.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageSignature {
    components: Vec<Component>,
    input: InnerList,
    bytes: Vec<u8>,
}

impl MessageSignature {
    /// Reads the `Signature-Input` and `Signature` headers (RFC 9421 §4). Of several signatures, such as those of
    /// proxies on the way, the one whose `keyid` is `key_id` is taken.
    ///
    /// # Errors
    /// A [`Refusal`] that says what is wrong with the headers.
    pub fn parse(signature_input: &str, signature: &str, key_id: &str) -> Result<Self, Refusal> {
        if signature_input.is_empty() || signature.is_empty() {
            return Err(Refusal::Unsigned);
        }
        let inputs = dictionary(signature_input, "Signature-Input")?;
        let signatures = dictionary(signature, "Signature")?;
        let (label, input) = choose(&inputs, key_id)?;
        let bytes = match signatures.get(label) {
            None => return Err(Refusal::NoSuchLabel),
            Some(ListEntry::Item(item)) => item.bare_item.as_byte_sequence(),
            Some(ListEntry::InnerList(_)) => None,
        };
        let bytes = bytes.ok_or(Refusal::Malformed("Signature"))?.to_vec();
        Ok(Self { components: components(input)?, input: input.clone(), bytes })
    }

    /// Whether the signature covers the component of this name, which has no parameters.
    #[must_use]
    pub fn covers(&self, name: &str) -> bool {
        self.components.iter().any(|component| component.name == name)
    }

    /// A parameter that is an integer.
    #[must_use]
    pub fn integer(&self, parameter: &str) -> Option<i64> {
        self.input.params.get(parameter)?.as_integer().map(i64::from)
    }

    /// A parameter that is a string.
    #[must_use]
    pub fn string(&self, parameter: &str) -> Option<&str> {
        self.input.params.get(parameter)?.as_string().map(sfv::StringRef::as_str)
    }

    /// Whether there is a parameter of this name, of any type.
    #[must_use]
    pub fn has(&self, parameter: &str) -> bool {
        self.input.params.contains_key(parameter)
    }

    /// The signature itself.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The signature base (RFC 9421 §2.5): a line for each component, and one for the parameters.
    ///
    /// # Errors
    /// What `value_of` says of a component, or [`Refusal::NotAscii`] for a value that could not be told from another
    /// line, or that two parties would spell in different bytes.
    pub fn base(&self, value_of: impl Fn(&Component) -> Result<String, Refusal>) -> Result<String, Refusal> {
        let mut base = String::new();
        for component in &self.components {
            let value = value_of(component)?;
            if !value.bytes().all(|b| b == b'\t' || (b' '..=b'~').contains(&b)) {
                return Err(Refusal::NotAscii(component.identifier.clone()));
            }
            base.extend([&component.identifier, ": ", &value, "\n"]);
        }
        let params = List::from([ListEntry::InnerList(self.input.clone())]).serialize();
        base.extend(["\"@signature-params\": ", &params.unwrap_or_default()]);
        Ok(base)
    }
}

fn dictionary(header: &str, name: &'static str) -> Result<Dictionary, Refusal> {
    if header.len() > MAX_HEADER {
        return Err(Refusal::TooLarge);
    }
    let members: Dictionary = Parser::new(header).parse().map_err(|_| Refusal::Malformed(name))?;
    if members.len() > MAX_SIGNATURES { Err(Refusal::TooLarge) } else { Ok(members) }
}

/// The only signature, or the only one whose `keyid` is `key_id`, with its label.
fn choose<'a>(inputs: &'a Dictionary, key_id: &str) -> Result<(&'a str, &'a InnerList), Refusal> {
    let lists = inputs.iter().map(|(label, entry)| match entry {
        ListEntry::InnerList(list) => Ok((label.as_str(), list)),
        ListEntry::Item(_) => Err(Refusal::Malformed("Signature-Input")),
    });
    let lists = lists.collect::<Result<Vec<_>, _>>()?;
    if let [only] = lists.as_slice() {
        return Ok(*only);
    }
    let is_ours = |list: &InnerList| {
        list.params.get("keyid").and_then(|id| id.as_string()).map(sfv::StringRef::as_str) == Some(key_id)
    };
    let mut ours = lists.into_iter().filter(|(_, list)| is_ours(list));
    let first = ours.next().ok_or(Refusal::KeyId)?;
    if ours.next().is_some() { Err(Refusal::Ambiguous) } else { Ok(first) }
}

/// Each component once (RFC 9421 §2).
fn components(input: &InnerList) -> Result<Vec<Component>, Refusal> {
    if input.items.len() > MAX_COMPONENTS {
        return Err(Refusal::TooLarge);
    }
    let mut read = Vec::<Component>::with_capacity(input.items.len());
    for item in &input.items {
        let component = Component::read(item)?;
        if read.contains(&component) {
            return Err(Refusal::Duplicate(component.identifier));
        }
        read.push(component);
    }
    Ok(read)
}
