//! From the columns of a table to the members of an intake.

use super::date::{DatePattern, Offset};
use crate::{
    complaint::intake::CurrencyCode,
    http::problem::{FieldError, Rule},
    json,
    tenant::custom_field::{CustomField, FieldType},
    text::Code,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// What the columns of a table are. Columns that are not named are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The fields of an intake, and what each of them is in a row.
    pub fields: Vec<Field>,
    /// The column that tells rows apart whatever their place in the table. Default: their numbers do.
    #[serde(default)]
    pub row_id: Option<String>,
}

/// A field of an intake, and what it is in a row.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The field.
    pub to: Path,
    /// The column that has it.
    #[serde(default)]
    pub column: Option<String>,
    /// What it is where the column is empty, or no column has it.
    #[serde(default)]
    pub value: Option<String>,
    /// What values are called here, by what the column calls them; `null`: they are left out.
    #[serde(default)]
    #[schemars(with = "std::collections::BTreeMap<String, Option<String>>")]
    pub values: Map<String, Value>,
    /// What becomes of a value that `values` does not have. Default: its row is refused.
    #[serde(default)]
    pub unlisted: Unlisted,
    /// How dates are written. Default: RFC 3339.
    #[serde(default)]
    pub date: Option<DatePattern>,
    /// Where the clocks are that times were read from. Default: UTC.
    #[serde(default)]
    pub offset: Offset,
    /// What stands between the items of a list. Default: `;`.
    #[serde(default)]
    pub separator: Option<String>,
    /// What stands before the fraction of a sum: `.` or `,`. The other one, spaces and apostrophes group digits. Default: `.`.
    #[serde(default)]
    pub decimal: Option<String>,
}

/// What becomes of a value that is not listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unlisted {
    /// Its row is refused.
    #[default]
    Refuse,
    /// It stays as it is.
    Keep,
    /// It is left out.
    LeaveOut,
}

/// A field of an intake: `channel`, `complainant.name`, `complainant.email`, `amounts.disputed`, `custom.<name>`, …
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Path {
    name: String,
    shape: Shape,
}

/// How a text becomes the value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shape {
    /// As it is.
    Text,
    /// As it is, and spaces around it count.
    Prose,
    /// As a date.
    Day,
    /// As a list.
    List,
    /// It is JSON.
    Json,
    /// As a way of this kind to reach the complainant.
    Contact(&'static str),
    /// As a sum of this kind.
    Amount(&'static str),
    /// As the currency of sums.
    Currency,
    /// As the tenant has declared.
    Custom,
}

const FIELDS: [(&str, Shape); 34] = [
    ("complainant.name", Shape::Text),
    ("complainant.customer_id", Shape::Text),
    ("complainant.language", Shape::Text),
    ("complainant.format", Shape::Text),
    ("complainant.contacts", Shape::Json),
    ("complainant.email", Shape::Contact("email")),
    ("complainant.phone", Shape::Contact("phone")),
    ("complainant.post", Shape::Contact("post")),
    ("complainant.social", Shape::Contact("social")),
    ("channel", Shape::Text),
    ("received_at", Shape::Text),
    ("product", Shape::Text),
    ("issue", Shape::Text),
    ("description", Shape::Prose),
    ("desired_outcome", Shape::Prose),
    ("severity", Shape::Text),
    ("vulnerability", Shape::List),
    ("amounts", Shape::Json),
    ("amounts.disputed", Shape::Amount("disputed")),
    ("amounts.loss", Shape::Amount("loss")),
    ("amounts.claimed", Shape::Amount("claimed")),
    ("currency", Shape::Currency),
    ("jurisdiction", Shape::Text),
    ("external_reference", Shape::Text),
    ("tags", Shape::List),
    ("sensitivity", Shape::List),
    ("entity", Shape::Text),
    ("made_on", Shape::Day),
    ("eligible", Shape::Json),
    ("representative.name", Shape::Text),
    ("representative.kind", Shape::Text),
    ("representative.authorisation", Shape::Text),
    ("representative.reference", Shape::Text),
    ("representative.contacts", Shape::Json),
];
const CUSTOM: &str = "custom.";

/// There is no such field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a field of an intake such as channel, complainant.name, amounts.disputed or custom.<name>")]
pub struct UnknownPath;

impl TryFrom<String> for Path {
    type Error = UnknownPath;

    fn try_from(name: String) -> Result<Self, UnknownPath> {
        let known = FIELDS.iter().find(|(known, _)| *known == name).map(|(_, shape)| *shape);
        let custom = || name.strip_prefix(CUSTOM).and_then(|own| Code::try_from(own).ok()).map(|_| Shape::Custom);
        let shape = known.or_else(custom).ok_or(UnknownPath)?;
        Ok(Self { name, shape })
    }
}

impl JsonSchema for Path {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Path".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let names = FIELDS.map(|(name, _)| name.replace('.', "\\.")).join("|");
        schemars::json_schema!({ "type": "string", "pattern": format!("^({names}|custom\\.[a-z0-9][a-z0-9_-]{{0,63}})$") })
    }
}

impl Path {
    fn plain(name: &str) -> Self {
        Self { name: name.to_owned(), shape: Shape::Text }
    }

    /// The place of its value in an intake, as a JSON pointer. `nth`: which item of a list, if it is one.
    fn pointer(&self, nth: Option<usize>) -> String {
        let place = match self.shape {
            Shape::Contact(_) => "complainant.contacts",
            Shape::Amount(_) | Shape::Currency => "amounts",
            _ => self.name.as_str(),
        };
        let item = nth.map(|nth| format!("/{nth}")).unwrap_or_default();
        format!("/{}{item}", place.replacen('.', "/", 1))
    }
}

/// The fields of a table's rows, and where its header has them.
#[derive(Clone, Debug)]
pub struct Fields {
    fields: Vec<Placed>,
    row_id: Option<Placed>,
    /// Whether the table is one of [`super::table`]: spaces around values mean something, and cells may be guarded.
    own: bool,
    custom: Vec<CustomField>,
}

#[derive(Clone, Debug)]
struct Placed {
    /// The place of the column in records, if one has the field.
    place: Option<usize>,
    field: Field,
}

/// Which field, and which item of a list, each value of a row is of.
pub type Sources = Vec<(usize, Option<usize>)>;

/// A row's cells.
#[derive(Clone, Copy, Debug)]
pub enum Cells<'r> {
    /// By place.
    Record(&'r [String]),
    /// By name.
    Object(&'r Map<String, Value>),
}

impl Fields {
    /// The fields of a table with these columns, and the columns that are left out.
    ///
    /// Without a mapping the columns are called as the fields are; others are left out.
    ///
    /// # Errors
    /// What of the mapping the table does not have, and columns that stand there twice.
    pub fn of_table(
        mapping: Option<Mapping>,
        header: &[String],
        custom: Vec<CustomField>,
    ) -> Result<(Self, Vec<String>), Vec<FieldError>> {
        let own = mapping.is_none();
        let named =
            |name: &String| Some(Field { column: Some(name.clone()), ..Field::of(Path::try_from(name.clone()).ok()?) });
        let mapping =
            mapping.unwrap_or_else(|| Mapping { fields: header.iter().filter_map(named).collect(), row_id: None });
        let mut fields = Self::of_objects(mapping, custom);
        fields.own = own;
        let (mut errors, mut used) = (Vec::new(), vec![false; header.len()]);
        for Placed { place, field } in fields.fields.iter_mut().chain(&mut fields.row_id) {
            let Some(name) = &field.column else { continue };
            let mut places = header.iter().enumerate().filter(|(_, column)| column.trim() == name.trim());
            *place = places.next().map(|(place, _)| place);
            if place.is_none() {
                errors.push(FieldError::column(name, Rule::Missing, "is not a column of the table"));
            } else if places.next().is_some() {
                errors.push(FieldError::column(name, Rule::NotAllowed, "stands in the header twice"));
            }
            place.and_then(|place| used.get_mut(place)).into_iter().for_each(|used| *used = true);
        }
        if fields.fields.is_empty() {
            let rule = "none of the table's columns is called as a field: send a mapping";
            errors.push(FieldError::at("", Rule::Missing, rule));
        }
        let left_out = header.iter().zip(used).filter(|(_, used)| !used).map(|(name, _)| name.clone()).collect();
        if errors.is_empty() { Ok((fields, left_out)) } else { Err(errors) }
    }

    /// The fields of objects whose members are called as the mapping's columns are.
    #[must_use]
    pub fn of_objects(Mapping { fields, row_id }: Mapping, custom: Vec<CustomField>) -> Self {
        let placed = |field| Placed { place: None, field };
        let row_id =
            row_id.map(|column| Field { column: Some(column), ..Field::of(Path::plain("external_reference")) });
        Self { fields: fields.into_iter().map(placed).collect(), row_id: row_id.map(placed), own: false, custom }
    }

    /// What tells the row from others, if a column does.
    ///
    /// # Errors
    /// The row has none, or one of more than 100 characters.
    pub fn row_id(&self, cells: Cells<'_>) -> Result<Option<String>, FieldError> {
        let Some(placed) = &self.row_id else { return Ok(None) };
        let text = self.text(cells, placed);
        let id = text.trim();
        if id.is_empty() || id.chars().count() > 100 {
            let rule = "must have 1 to 100 characters: it tells rows apart";
            return Err(FieldError::column(placed.field.name(), Rule::OutOfRange, rule));
        }
        Ok(Some(id.to_owned()))
    }

    /// An intake's members, not checked yet, and where each came from.
    ///
    /// # Errors
    /// Every value that cannot be what its field is.
    pub fn intake(&self, cells: Cells<'_>) -> Result<(Map<String, Value>, Sources), Vec<FieldError>> {
        let mut row = Row { members: Map::new(), sources: Vec::new(), amounts: Vec::new(), currency: None };
        let mut errors = Vec::new();
        for (nth, placed) in self.fields.iter().enumerate() {
            let text = self.text(cells, placed);
            if let Err((rule, detail)) = self.put(&mut row, &placed.field, nth, &text) {
                errors.push(placed.field.error(rule, detail));
            }
        }
        self.put_amounts(&mut row, &mut errors);
        if errors.is_empty() { Ok((row.members, row.sources)) } else { Err(errors) }
    }

    /// Says with each error which column its value has come from.
    pub fn name_columns(&self, sources: &Sources, errors: &mut [FieldError]) {
        for error in errors.iter_mut().filter(|error| error.column.is_none()) {
            let Some(at) = error.pointer.as_deref() else { continue };
            let held = sources.iter().filter_map(|(field, nth)| {
                let field = &self.fields.get(*field)?.field;
                let pointer = field.to.pointer(*nth);
                let holds =
                    at.strip_prefix(pointer.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
                holds.then_some((pointer.len(), field))
            });
            // The one that says most exactly where.
            let field = held.max_by_key(|(exact, _)| *exact);
            error.column = field.and_then(|(_, field)| field.column.clone());
        }
    }

    fn text<'r>(&self, cells: Cells<'r>, Placed { place, field }: &Placed) -> Cow<'r, str> {
        match cells {
            Cells::Record(cells) => {
                let cell = place.and_then(|place| cells.get(place)).map(String::as_str).unwrap_or_default();
                Cow::Borrowed(if self.own { super::table::unguarded(cell) } else { cell })
            }
            Cells::Object(members) => match members.get(field.name()) {
                None | Some(Value::Null) => Cow::Borrowed(""),
                Some(Value::String(text)) => Cow::Borrowed(text),
                Some(other) => Cow::Owned(other.to_string()),
            },
        }
    }

    fn put(&self, row: &mut Row, field: &Field, nth: usize, text: &str) -> Result<(), Broken> {
        let Path { name, shape } = &field.to;
        let keeps_spaces = self.own || *shape == Shape::Prose;
        let text = if keeps_spaces { text } else { text.trim() };
        let text = match field.values.get(text) {
            Some(Value::String(value)) => value,
            Some(_) => "",
            None if field.values.is_empty() || text.is_empty() => text,
            None => match field.unlisted {
                Unlisted::Keep => text,
                Unlisted::LeaveOut => "",
                Unlisted::Refuse => {
                    return Err((Rule::NotAllowed, "must be one of the values that the mapping lists"));
                }
            },
        };
        let says_nothing = text.is_empty() || (text.trim().is_empty() && !self.own);
        let text = match &field.date {
            Some(pattern) if !says_nothing => self.dated(field, pattern, text)?,
            _ => text.to_owned(),
        };
        let said = if says_nothing { field.value.clone() } else { Some(text) };
        let Some(text) = said else { return Ok(()) };
        let mut item = None;
        match shape {
            Shape::Text | Shape::Prose | Shape::Day => *member(&mut row.members, name) = text.into(),
            Shape::List => {
                let separator = field.separator.as_deref().unwrap_or(";");
                let items = text.split(separator).map(str::trim).filter(|item| !item.is_empty());
                *member(&mut row.members, name) = items.map(Value::from).collect();
            }
            Shape::Json => {
                let value = json::from_str(&text).map_err(|_| (Rule::WrongType, "must be JSON"))?;
                *member(&mut row.members, name) = value;
            }
            Shape::Contact(kind) => {
                let contact = object([("kind", (*kind).into()), ("value", text.into())]);
                let list = member(&mut row.members, "complainant.contacts");
                if list.is_null() {
                    *list = Value::Array(Vec::new());
                }
                if let Some(items) = list.as_array_mut() {
                    item = Some(items.len());
                    items.push(contact);
                }
            }
            Shape::Amount(kind) => {
                row.amounts.push((kind, text, nth));
                return Ok(());
            }
            Shape::Currency => row.currency = Some(text),
            Shape::Custom => {
                let value = self.declared(&field.to).map_or_else(|| text.as_str().into(), |field| field.read(&text));
                *member(&mut row.members, name) = value;
            }
        }
        row.sources.push((nth, item));
        Ok(())
    }

    /// A field as the tenant has declared it.
    fn declared(&self, path: &Path) -> Option<&CustomField> {
        let name = path.name.strip_prefix(CUSTOM)?;
        self.custom.iter().find(|field| field.name.as_str() == name)
    }

    fn dated(&self, field: &Field, pattern: &DatePattern, text: &str) -> Result<String, Broken> {
        const RULE: Broken = (Rule::NotAllowed, "must be a date as the mapping writes them");
        let shown = pattern.read(text).ok_or(RULE)?;
        match self.declared(&field.to).map(|declared| declared.takes) {
            Some(FieldType::Date) => Ok(shown.date().to_string()),
            _ if field.to.shape == Shape::Day => Ok(shown.date().to_string()),
            _ => field.offset.moment(shown).map(|at| at.to_string()).ok_or(RULE),
        }
    }

    /// Sums come last, for their currency may stand in any column.
    fn put_amounts(&self, row: &mut Row, errors: &mut Vec<FieldError>) {
        let mut items = match row.members.remove("amounts") {
            Some(Value::Array(items)) => items,
            Some(other) => vec![other],
            None => Vec::new(),
        };
        let currency = row.currency.clone().and_then(|code| CurrencyCode::try_from(code).ok());
        for (kind, text, nth) in std::mem::take(&mut row.amounts) {
            let Some(Placed { field, .. }) = self.fields.get(nth) else { continue };
            let Some(currency) = currency else {
                errors.push(field.error(Rule::Missing, "needs a currency of ISO 4217: map one"));
                continue;
            };
            let decimal = field.decimal.as_deref().and_then(|decimal| decimal.chars().next()).unwrap_or('.');
            match minor_units(&text, decimal, currency.digits()) {
                Some(minor) => {
                    row.sources.push((nth, Some(items.len())));
                    let currency = String::from(currency).into();
                    items.push(object([("kind", kind.into()), ("minor", minor.into()), ("currency", currency)]));
                }
                None => errors.push(field.error(Rule::NotAllowed, "must be a sum that its currency can express")),
            }
        }
        if !items.is_empty() {
            row.members.insert("amounts".to_owned(), items.into());
        }
    }
}

/// A rule that a value breaks.
type Broken = (Rule, &'static str);

/// An intake that is being put together.
struct Row {
    members: Map<String, Value>,
    sources: Sources,
    /// Kind, sum, and the place of the field.
    amounts: Vec<(&'static str, String, usize)>,
    currency: Option<String>,
}

impl Field {
    /// Values are what they are.
    fn of(to: Path) -> Self {
        let (column, value, values, unlisted) = (None, None, Map::new(), Unlisted::Refuse);
        let (date, offset, separator, decimal) = (None, Offset::default(), None, None);
        Self { to, column, value, values, unlisted, date, offset, separator, decimal }
    }

    fn name(&self) -> &str {
        self.column.as_deref().unwrap_or_default()
    }

    fn error(&self, rule: Rule, detail: &'static str) -> FieldError {
        match &self.column {
            Some(column) => FieldError::column(column, rule, detail),
            None => FieldError::at(&self.to.pointer(None), rule, detail),
        }
    }
}

/// An object of these members. One by one: to collect them would take a sort of its own.
fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let mut object = Map::new();
    members.into_iter().for_each(|(name, value)| _ = object.insert(name.to_owned(), value));
    object.into()
}

/// The member of this name, or, after a dot, of an object that is a member.
fn member<'m>(members: &'m mut Map<String, Value>, name: &str) -> &'m mut Value {
    let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
    let value = members.entry(first).or_insert(Value::Null);
    let Some(rest) = rest else { return value };
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(inner) => inner.entry(rest).or_insert(Value::Null),
        other => other,
    }
}

/// A sum in minor units; `None` if it is no sum, or has more digits than its currency.
fn minor_units(text: &str, decimal: char, digits: u32) -> Option<i64> {
    let groups =
        |c: &char| (matches!(c, '.' | ',') && *c != decimal) || matches!(c, ' ' | '\'' | '\u{A0}' | '\u{202F}');
    let plain: String = text.chars().filter(|c| !groups(c)).collect();
    let (whole, fraction) = plain.split_once(decimal).unwrap_or((&plain, ""));
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let kept = fraction.trim_end_matches('0');
    let missing = (digits as usize).checked_sub(kept.len())?;
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    format!("{whole}{kept}{}", "0".repeat(missing)).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{complaint::intake::NewComplaint, http::body};
    use serde_json::json;

    fn mapping(value: Value) -> Mapping {
        serde_json::from_value(value).unwrap()
    }

    fn header(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn bank() -> Mapping {
        mapping(json!({
            "fields": [
                { "to": "external_reference", "column": "Case" },
                { "to": "complainant.name", "column": "Who" },
                { "to": "complainant.email", "column": "Mail" },
                { "to": "complainant.phone", "column": "Tel" },
                { "to": "channel", "column": "Via", "values": { "Post": "letter", "Call": "phone", "?": null }, "value": "api" },
                { "to": "received_at", "column": "In", "date": "DD/MM/YYYY", "offset": "+01:00" },
                { "to": "description", "column": "What" },
                { "to": "tags", "column": "Labels", "separator": "|" },
                { "to": "amounts.loss", "column": "Lost", "decimal": "," },
                { "to": "currency", "column": "Ccy" },
                { "to": "custom.opened", "column": "Opened", "date": "DD/MM/YYYY" },
                { "to": "custom.visits", "column": "Visits" },
                { "to": "custom.staff", "column": "Staff" },
                { "to": "severity", "value": "high" },
                { "to": "amounts.claimed", "value": "10.50" },
                { "to": "complainant.language", "value": "en" }
            ],
            "row_id": "Case"
        }))
    }

    const BANK: [&str; 14] = [
        "Case", "Who", "Mail", "Tel", "Via", "In", "What", "Labels", "Lost", "Ccy", "Opened", "Visits", "Staff",
        "Other",
    ];

    fn declared() -> Vec<CustomField> {
        serde_json::from_value(json!([
            { "name": "opened", "label": "Opened", "type": "date" },
            { "name": "visits", "label": "Visits", "type": "integer" },
            { "name": "staff", "label": "Staff", "type": "boolean" }
        ]))
        .unwrap()
    }

    const ROW: [&str; 14] = [
        " C-1 ",
        "Ada ",
        "ada@example.org",
        "",
        "Call",
        "01/07/2024",
        "  A fee. ",
        "a| b |",
        "1.234,5",
        "EUR",
        "02/01/2020",
        "3",
        "true",
        "x",
    ];

    #[test]
    fn a_row_becomes_an_intake() {
        let (fields, left_out) = Fields::of_table(Some(bank()), &header(&BANK), declared()).unwrap();
        assert_eq!(left_out, ["Other"]);
        let row = header(&ROW);
        let (members, sources) = fields.intake(Cells::Record(&row)).unwrap();
        let expected = json!({
            "external_reference": "C-1", "channel": "phone", "received_at": "2024-06-30T23:00:00.000Z",
            "complainant": { "name": "Ada", "language": "en", "contacts": [{ "kind": "email", "value": "ada@example.org" }] },
            "description": "  A fee. ", "tags": ["a", "b"], "severity": "high",
            "amounts": [
                { "kind": "loss", "minor": 123_450, "currency": "EUR" }, { "kind": "claimed", "minor": 1050, "currency": "EUR" }
            ],
            "custom": { "opened": "2020-01-02", "visits": 3, "staff": true }
        });
        assert_eq!(Value::from(members.clone()), expected);
        assert!(body::parse::<NewComplaint>(Value::from(members).to_string().as_bytes()).is_ok());
        assert_eq!(fields.row_id(Cells::Record(&row)), Ok(Some("C-1".to_owned())));
        let mut errors = [
            "/complainant/contacts/0/value",
            "/amounts/1/minor",
            "/amounts/0/minor",
            "/channel",
            "/custom/staff",
            "/x",
        ]
        .map(|at| FieldError::at(at, Rule::NotAllowed, "x"));
        fields.name_columns(&sources, &mut errors);
        let columns = errors.map(|error| error.column.unwrap_or_default());
        assert_eq!(columns, ["Mail", "", "Lost", "Via", "Staff", ""]);
    }

    #[test]
    fn what_returns_ask_for_is_mapped_too() {
        let names = ["Entity", "Made", "Eligible", "By", "Sort"];
        let fields = json!([
            { "to": "entity", "column": "Entity" },
            { "to": "made_on", "column": "Made", "date": "DD/MM/YYYY" },
            { "to": "eligible", "column": "Eligible", "values": { "yes": "true", "no": "false" } },
            { "to": "representative.name", "column": "By" },
            { "to": "representative.kind", "column": "Sort" }
        ]);
        let (fields, _) =
            Fields::of_table(Some(mapping(json!({ "fields": fields }))), &header(&names), Vec::new()).unwrap();
        let of = |row: [&str; 5]| fields.intake(Cells::Record(&header(&row))).map(|(members, _)| Value::from(members));
        let expected = json!({ "entity": "122702", "made_on": "2024-07-01", "eligible": false,
            "representative": { "name": "Una", "kind": "family" } });
        assert_eq!(of(["122702", "01/07/2024", "no", "Una", "family"]), Ok(expected));
        assert_eq!(of(["122702", "", "", "", ""]), Ok(json!({ "entity": "122702" })), "nobody is not a representative");
        assert_eq!(of(["", "31/06/2024", "", "", ""]).unwrap_err()[0].column.as_deref(), Some("Made"));
    }

    #[test]
    fn an_object_is_mapped_as_a_table_is() {
        let object: Map<String, Value> =
            BANK.iter().zip(ROW).map(|(name, cell)| ((*name).to_owned(), cell.into())).collect();
        let (fields, _) = Fields::of_table(Some(bank()), &header(&BANK), declared()).unwrap();
        let of_objects = Fields::of_objects(bank(), declared());
        let row = header(&ROW);
        assert_eq!(of_objects.intake(Cells::Object(&object)), fields.intake(Cells::Record(&row)));
        assert_eq!(of_objects.row_id(Cells::Object(&object)), fields.row_id(Cells::Record(&row)));
        let object = json!({ "Visits": 3, "Staff": null, "Case": 7, "Extra": [1] });
        let (members, _) = of_objects.intake(Cells::Object(object.as_object().unwrap())).unwrap_or_default();
        assert_eq!(members, Map::new(), "the constant sum needs a currency");
    }

    #[test]
    fn every_value_that_cannot_be_is_named_with_its_column() {
        let (fields, _) = Fields::of_table(Some(bank()), &header(&BANK), declared()).unwrap();
        let mut row = header(&ROW);
        for (place, cell) in [(0, ""), (4, "Fax"), (5, "7/2024"), (8, "many"), (10, "soon")] {
            row[place] = cell.to_owned();
        }
        let errors = fields.intake(Cells::Record(&row)).unwrap_err();
        let columns: Vec<_> = errors.iter().map(|error| error.column.as_deref().unwrap()).collect();
        assert_eq!(columns, ["Via", "In", "Opened", "Lost"]);
        assert!(fields.row_id(Cells::Record(&row)).is_err());
    }

    #[test]
    fn unlisted_values_are_kept_or_left_out_if_asked_for() {
        for (unlisted, expected) in [("keep", json!({ "product": "Yacht" })), ("leave_out", json!({}))] {
            let mapping = mapping(
                json!({ "fields": [{ "to": "product", "column": "P", "values": { "a": "b" }, "unlisted": unlisted }] }),
            );
            let (fields, _) = Fields::of_table(Some(mapping), &header(&["P"]), Vec::new()).unwrap();
            assert_eq!(Value::from(fields.intake(Cells::Record(&header(&["Yacht"]))).unwrap().0), expected);
        }
    }

    #[test]
    fn a_table_without_a_mapping_is_called_as_the_fields_are() {
        let (fields, left_out) = Fields::of_table(
            None,
            &header(&["id", "channel", "complainant.name", "complainant.contacts", "custom.branch"]),
            Vec::new(),
        )
        .unwrap();
        assert_eq!(left_out, ["id"]);
        let row = header(&["1", "web", " '=Ada", r#"[{"kind":"post","value":"x"}]"#, "'-7"]);
        let expected = json!({ "channel": "web", "custom": { "branch": "-7" },
            "complainant": { "name": " '=Ada", "contacts": [{ "kind": "post", "value": "x" }] } });
        assert_eq!(Value::from(fields.intake(Cells::Record(&row)).unwrap().0), expected);
        assert!(Fields::of_table(None, &header(&["id", "Name"]), Vec::new()).is_err());
    }

    #[test]
    fn a_table_that_the_mapping_does_not_fit_is_refused() {
        let errors = Fields::of_table(Some(bank()), &header(&["Case", "Who", "Who"]), Vec::new()).unwrap_err();
        let named =
            |name: &str| errors.iter().find(|error| error.column.as_deref() == Some(name)).map(|error| error.code);
        assert_eq!((named("Who"), named("Via"), named("Case")), (Some(Rule::NotAllowed), Some(Rule::Missing), None));
        for (wrong, pointer) in [
            (json!({ "fields": [{ "to": "colour" }] }), "/fields/0/to"),
            (json!({ "fields": [{ "to": "custom.Not OK" }] }), "/fields/0/to"),
            (json!({ "fields": [{ "to": "channel", "date": "soon" }] }), "/fields/0/date"),
            (json!({ "fields": [{ "to": "channel", "from": "x" }] }), "/fields/0/from"),
        ] {
            assert_eq!(json::from_str::<Mapping>(&wrong.to_string()).unwrap_err().pointer, pointer, "{wrong}");
        }
    }

    #[test]
    fn sums_are_exact() {
        for (text, decimal, digits, expected) in [
            ("12", '.', 2, Some(1_200)),
            ("12.5", '.', 2, Some(1_250)),
            ("1,234.50", '.', 2, Some(123_450)),
            ("1.234,50", ',', 2, Some(123_450)),
            ("1 234", '.', 0, Some(1_234)),
            ("12.50", '.', 0, None),
            ("12.00", '.', 0, Some(12)),
            ("0.005", '.', 2, None),
            ("-1", '.', 2, None),
            ("", '.', 2, None),
            (".5", '.', 2, None),
            ("1e3", '.', 2, None),
            ("9".repeat(30).as_str(), '.', 2, None),
        ] {
            assert_eq!(minor_units(text, decimal, digits), expected, "{text}");
        }
    }
}
