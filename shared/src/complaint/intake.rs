//! What a complaint says when it comes in: the vocabulary of its fields.

use crate::{
    clock::{day::Day, named::named},
    identity::role::Clearance,
    text::{Code, Line, Prose},
    time::Timestamp,
};
use email_address::{EmailAddress, Options};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    ops::Deref,
};

/// The body of `POST /v1/complaints`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewComplaint {
    /// Who complains.
    pub complainant: Complainant,
    /// How the complaint came in.
    pub channel: Channel,
    /// When the firm received it, as evidenced (postmark, call, mail header). Default: now. Never in the future.
    #[serde(default)]
    pub received_at: Option<Timestamp>,
    /// A product code of the tenant's taxonomy.
    #[serde(default)]
    pub product: Option<Code>,
    /// An issue code of that product.
    #[serde(default)]
    pub issue: Option<Code>,
    /// The complaint in the consumer's own words.
    pub description: Prose<50_000>,
    /// What the consumer wants.
    #[serde(default)]
    pub desired_outcome: Option<Prose<5_000>>,
    /// How bad it is for the consumer. Default: medium.
    #[serde(default)]
    pub severity: Severity,
    /// Indicators that the consumer may be vulnerable.
    #[serde(default)]
    pub vulnerability: List<Driver, 4>,
    /// Sums the complaint is about.
    #[serde(default)]
    pub amounts: List<Amount, 20>,
    /// Whose law applies. Default: the tenant's.
    #[serde(default)]
    pub jurisdiction: Option<Jurisdiction>,
    /// Values of the fields that the tenant declared.
    #[serde(default)]
    pub custom: BTreeMap<Code, CustomValue>,
    /// The tenant's own id for this complaint, unique within the tenant.
    #[serde(default)]
    pub external_reference: Option<Line<100>>,
    /// Free labels.
    #[serde(default)]
    pub tags: List<Code, 20>,
    /// Which of the firm's legal entities received it, as its regulator calls it: an FRN, an LEI. Absent: not known.
    #[serde(default)]
    pub entity: Option<Line<100>>,
    /// The day on which the complainant says it was made. Never later than the day of receipt. Absent: not known.
    #[serde(default)]
    pub made_on: Option<Day>,
    /// Whether the complainant is an eligible complainant (FCA DISP 2.7). Absent: not known.
    #[serde(default)]
    pub eligible: Option<bool>,
    /// Who complains on behalf of the complainant, if somebody does.
    #[serde(default)]
    pub representative: Option<Representative>,
    /// Why not everybody may see it: staff do who hold a clearance for each of these. Default: nothing.
    #[serde(default)]
    pub sensitivity: BTreeSet<Clearance>,
}

/// The person who complains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Complainant {
    /// Ways to reach the person.
    #[serde(default)]
    pub contacts: List<ContactPoint, 10>,
    /// The tenant's id for the customer.
    #[serde(default)]
    pub customer_id: Option<Line<100>>,
    /// The form the person can read.
    #[serde(default)]
    pub format: Format,
    /// The language to write in, as a BCP 47 tag.
    #[serde(default)]
    pub language: Option<Language>,
    /// The name.
    pub name: Line<200>,
}

/// Who complains on behalf of the complainant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Representative {
    /// The number under which its regulator knows it, such as the FRN of a claims management company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorisation: Option<Line<100>>,
    /// Ways to reach it.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub contacts: List<ContactPoint, 10>,
    /// What it is.
    pub kind: RepresentativeKind,
    /// The name.
    pub name: Line<200>,
    /// Its own reference for the matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Line<100>>,
}

named! {
/// What a [`Representative`] is.
pub enum RepresentativeKind {
    /// A claims management company.
    ClaimsManagementCompany: "claims_management_company",
    /// A solicitor or another lawyer.
    Solicitor: "solicitor",
    /// A relative or a friend.
    Family: "family",
    /// A charity or an advice centre.
    Charity: "charity",
    /// Somebody else.
    Other: "other",
}
}

/// One way to reach a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "UncheckedContactPoint")]
pub struct ContactPoint {
    /// What sort of address it is.
    pub kind: ContactKind,
    /// The address, number or handle.
    pub value: Line<500>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UncheckedContactPoint {
    kind: ContactKind,
    value: Line<500>,
}

/// The value does not fit the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an email address (RFC 5321)")]
pub struct NotAnEmailAddress;

impl TryFrom<UncheckedContactPoint> for ContactPoint {
    type Error = NotAnEmailAddress;

    fn try_from(contact: UncheckedContactPoint) -> Result<Self, NotAnEmailAddress> {
        let UncheckedContactPoint { kind, value } = contact;
        let strict = Options::default().without_display_text().without_domain_literal().with_required_tld();
        if kind == ContactKind::Email && EmailAddress::parse_with_options(value.as_str(), strict).is_err() {
            return Err(NotAnEmailAddress);
        }
        Ok(Self { kind, value })
    }
}

impl ContactPoint {
    /// An email address. `None` if the text is none (RFC 5321).
    #[must_use]
    pub fn email(address: &str) -> Option<Self> {
        let value = Line::try_from(address).ok()?;
        Self::try_from(UncheckedContactPoint { kind: ContactKind::Email, value }).ok()
    }
}

/// What sort of address a [`ContactPoint`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContactKind {
    /// Electronic mail.
    Email,
    /// A telephone number.
    Phone,
    /// A postal address.
    Post,
    /// A handle on a social network.
    Social,
}

/// The form a person can read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Ordinary letters.
    #[default]
    Standard,
    /// At least 16 point.
    LargePrint,
    /// Short sentences with pictures.
    EasyRead,
    /// Braille.
    Braille,
    /// Read aloud.
    Audio,
}

/// How a complaint or another contact came in or went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The firm's site or app, or the portal.
    Web,
    /// By telephone.
    Phone,
    /// By electronic mail.
    Email,
    /// On paper.
    Letter,
    /// Face to face.
    Branch,
    /// On a social network.
    Social,
    /// By another system.
    Api,
}

impl Channel {
    /// Every one.
    pub const ALL: [Self; 7] =
        [Self::Web, Self::Phone, Self::Email, Self::Letter, Self::Branch, Self::Social, Self::Api];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Letter => "letter",
            Self::Branch => "branch",
            Self::Social => "social",
            Self::Api => "api",
        }
    }
}

/// How bad it is for the consumer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// An annoyance.
    Low,
    /// The usual.
    #[default]
    Medium,
    /// Serious loss or distress.
    High,
    /// Harm is under way: act today.
    Critical,
}

impl Severity {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// One of the four drivers of vulnerability (FCA FG21/1 §2.4; reported from 2027 under PS25/19).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Driver {
    /// A condition or illness that affects everyday tasks.
    Health,
    /// Bereavement, job loss, relationship breakdown.
    LifeEvent,
    /// Little ability to withstand shocks.
    Resilience,
    /// Little knowledge or confidence, poor literacy or digital skills.
    Capability,
}

/// Whose law applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Jurisdiction {
    /// England and Wales.
    EnglandAndWales,
    /// Scotland.
    Scotland,
    /// Northern Ireland.
    NorthernIreland,
    /// Ireland.
    Ireland,
    /// The United States, federal law.
    Us,
    /// The European Union.
    Eu,
}

impl Jurisdiction {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::EnglandAndWales, Self::Scotland, Self::NorthernIreland, Self::Ireland, Self::Us, Self::Eu];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EnglandAndWales => "england_and_wales",
            Self::Scotland => "scotland",
            Self::NorthernIreland => "northern_ireland",
            Self::Ireland => "ireland",
            Self::Us => "us",
            Self::Eu => "eu",
        }
    }
}

/// A sum the complaint is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    /// ISO 4217 code.
    pub currency: CurrencyCode,
    /// What the sum is.
    pub kind: AmountKind,
    /// The sum in minor units of `currency` (pence, cents; ISO 4217 says how many digits).
    pub minor: MinorUnits,
}

/// What an [`Amount`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AmountKind {
    /// The transaction or charge in dispute.
    Disputed,
    /// What the consumer lost.
    Loss,
    /// What the consumer asks for.
    Claimed,
}

/// A sum in the minor unit of its currency, 0 to 10¹⁵: exact in JSON's numbers everywhere (RFC 8259 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct MinorUnits(i64);

/// The sum is out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number of minor units from 0 to {MAX_MINOR}")]
pub struct AmountOutOfRange;

impl MinorUnits {
    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

const MAX_MINOR: i64 = 1_000_000_000_000_000;

impl TryFrom<i64> for MinorUnits {
    type Error = AmountOutOfRange;

    fn try_from(minor: i64) -> Result<Self, AmountOutOfRange> {
        if (0..=MAX_MINOR).contains(&minor) { Ok(Self(minor)) } else { Err(AmountOutOfRange) }
    }
}

impl From<MinorUnits> for i64 {
    fn from(minor: MinorUnits) -> Self {
        minor.0
    }
}

impl JsonSchema for MinorUnits {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "MinorUnits".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 0, "maximum": MAX_MINOR })
    }
}

/// An ISO 4217 alphabetic code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CurrencyCode(iso_currency::Currency);

/// Not a code of ISO 4217.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an ISO 4217 code such as GBP")]
pub struct UnknownCurrency;

impl CurrencyCode {
    /// A sum as people read it: `GBP 12.50`.
    #[must_use]
    pub fn said(self, sum: MinorUnits) -> String {
        let (digits, minor) = (self.digits(), sum.get());
        let unit = 10_i64.pow(digits);
        let (major, rest) = (minor / unit, minor % unit);
        match usize::try_from(digits) {
            Ok(width) if width > 0 => format!("{} {major}.{rest:0width$}", self.0.code()),
            _ => format!("{} {major}", self.0.code()),
        }
    }

    /// How many digits a sum has after the decimal point (ISO 4217, "minor unit").
    #[must_use]
    pub fn digits(self) -> u32 {
        self.0.exponent().unwrap_or_default().into()
    }
}

impl TryFrom<String> for CurrencyCode {
    type Error = UnknownCurrency;

    fn try_from(code: String) -> Result<Self, UnknownCurrency> {
        iso_currency::Currency::from_code(&code).map(Self).ok_or(UnknownCurrency)
    }
}

impl From<CurrencyCode> for String {
    fn from(code: CurrencyCode) -> Self {
        code.0.code().to_owned()
    }
}

impl JsonSchema for CurrencyCode {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "CurrencyCode".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217" })
    }
}

/// A BCP 47 language tag, such as `cy` or `en-GB`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(oxilangtag::LanguageTag<String>);

/// Not a well-formed language tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a BCP 47 language tag such as en-GB")]
pub struct InvalidLanguage;

impl Language {
    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl TryFrom<String> for Language {
    type Error = InvalidLanguage;

    fn try_from(tag: String) -> Result<Self, InvalidLanguage> {
        if tag.len() > 35 {
            return Err(InvalidLanguage);
        }
        oxilangtag::LanguageTag::parse(tag).map(Self).map_err(|_| InvalidLanguage)
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.0.into_inner()
    }
}

impl JsonSchema for Language {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Language".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "maxLength": 35, "description": "BCP 47" })
    }
}

/// The value of a custom field; its type is the one the tenant declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "must be text, a whole number, true or false")]
pub enum CustomValue {
    /// `boolean`.
    Boolean(bool),
    /// `integer`, within ±10¹⁵.
    Integer(i64),
    /// `text`, `date` or `choice`.
    Text(Prose<2_000>),
}

/// At most `MAX` items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    try_from = "Vec<T>",
    into = "Vec<T>",
    bound(deserialize = "T: Deserialize<'de>", serialize = "T: Serialize + Clone")
)]
pub struct List<T, const MAX: usize>(Vec<T>);

/// More items than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have at most {max} items, has {has}")]
pub struct TooMany {
    max: usize,
    has: usize,
}

impl<T, const MAX: usize> List<T, MAX> {
    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> Deref for List<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, const MAX: usize> TryFrom<Vec<T>> for List<T, MAX> {
    type Error = TooMany;

    fn try_from(items: Vec<T>) -> Result<Self, TooMany> {
        if items.len() > MAX { Err(TooMany { max: MAX, has: items.len() }) } else { Ok(Self(items)) }
    }
}

impl<T, const MAX: usize> From<List<T, MAX>> for Vec<T> {
    fn from(list: List<T, MAX>) -> Self {
        list.0
    }
}

impl<T: JsonSchema, const MAX: usize> JsonSchema for List<T, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("ListOf{MAX}{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let items = generator.subschema_for::<T>();
        schemars::json_schema!({ "type": "array", "maxItems": MAX, "items": items })
    }
}
