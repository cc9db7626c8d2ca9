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
use std::{borrow::Cow, collections::BTreeMap};

/// What the columns of a table are. Columns that are not named are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// By column.
    pub columns: BTreeMap<String, Column>,
    /// By field: what it is in every row, unless a column says otherwise.
    #[serde(default)]
    pub constants: BTreeMap<Path, String>,
    /// The column that tells rows apart whatever their place in the table. Default: their numbers do.
    #[serde(default)]
    pub row_id: Option<String>,
}

/// What a column is. An empty cell says nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The field that its values are of.
    pub to: Path,
    /// What its values are called here, by what they are called there.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// What becomes of a value that `values` does not have. Default: its row is refused.
    #[serde(default)]
    pub unlisted: Unlisted,
    /// How its dates are written. Default: RFC 3339.
    #[serde(default)]
    pub date: Option<DatePattern>,
    /// Where the clocks are that its times were read from. Default: UTC.
    #[serde(default)]
    pub offset: Offset,
    /// What stands between the items of a list. Default: `;`.
    #[serde(default)]
    pub separator: Option<char>,
    /// What stands before the fraction of a sum: `.` or `,`. The other one, spaces and apostrophes group digits. Default: `.`.
    #[serde(default)]
    pub decimal: Option<char>,
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

const FIELDS: [(&str, Shape); 25] = [
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

/// The fields of a table's rows, as its header has them.
#[derive(Clone, Debug)]
pub struct Fields {
    columns: Vec<Field>,
    constants: Vec<(Path, String)>,
    row_id: Option<(usize, String)>,
    /// Whether spaces around values mean nothing, and what guards cells is taken away: see [`super::table`].
    own: bool,
    types: BTreeMap<String, FieldType>,
}

#[derive(Clone, Debug)]
struct Field {
    place: usize,
    name: String,
    column: Column,
}

/// Which column, and which item of a list, each value of a row has come from.
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
        mapping: Option<&Mapping>,
        header: &[String],
        custom: &[CustomField],
    ) -> Result<(Self, Vec<String>), Vec<FieldError>> {
        let mut errors = Vec::new();
        let own: BTreeMap<_, _>;
        let (columns, constants, row_id) = match mapping {
            Some(Mapping { columns, constants, row_id }) => (columns, constants.clone(), row_id.as_ref()),
            None => {
                let column = |name: &String| Some((name.clone(), Column::plain(Path::try_from(name.clone()).ok()?)));
                own = header.iter().filter_map(column).collect();
                (&own, BTreeMap::new(), None)
            }
        };
        let mut place_of = |name: &String| {
            let mut places = header.iter().enumerate().filter(|(_, column)| column.trim() == name.trim());
            let first = places.next();
            if first.is_none() {
                errors.push(FieldError::column(name, Rule::Missing, "is not a column of the table"));
            } else if places.next().is_some() {
                errors.push(FieldError::column(name, Rule::NotAllowed, "stands in the header twice"));
            }
            first.map(|(place, _)| place)
        };
        let field = |(name, column): (&String, &Column)| {
            Some(Field { place: place_of(name)?, name: name.clone(), column: column.clone() })
        };
        let columns: Vec<_> = columns.iter().filter_map(field).collect();
        let row_id = row_id.and_then(|name| Some((place_of(name)?, name.clone())));
        let used = |place: usize| {
            columns.iter().any(|field| field.place == place) || row_id.as_ref().is_some_and(|(id, _)| *id == place)
        };
        let left_out =
            header.iter().enumerate().filter(|(place, _)| !used(*place)).map(|(_, name)| name.clone()).collect();
        if columns.is_empty() && errors.is_empty() {
            errors.push(FieldError::column(
                "",
                Rule::Missing,
                "none of the table's columns is a field: send a mapping",
            ));
        }
        let fields = Self {
            columns,
            constants: constants.into_iter().collect(),
            row_id,
            own: mapping.is_none(),
            types: types(custom),
        };
        if errors.is_empty() { Ok((fields, left_out)) } else { Err(errors) }
    }

    /// The fields of objects whose members are called as the mapping's columns are.
    #[must_use]
    pub fn of_objects(mapping: &Mapping, custom: &[CustomField]) -> Self {
        let Mapping { columns, constants, row_id } = mapping.clone();
        let field = |(place, (name, column))| Field { place, name, column };
        Self {
            columns: columns.into_iter().enumerate().map(field).collect(),
            constants: constants.into_iter().collect(),
            row_id: row_id.map(|name| (0, name)),
            own: false,
            types: types(custom),
        }
    }

    /// What tells the row from others, if a column does.
    ///
    /// # Errors
    /// The row has none, or one of more than 100 characters.
    pub fn row_id(&self, cells: Cells<'_>) -> Result<Option<String>, FieldError> {
        let Some((place, name)) = &self.row_id else { return Ok(None) };
        let text = self.text(cells, *place, name);
        let id = text.trim();
        if id.is_empty() || id.chars().count() > 100 {
            return Err(FieldError::column(
                name,
                Rule::OutOfRange,
                "must have 1 to 100 characters: it tells rows apart",
            ));
        }
        Ok(Some(id.to_owned()))
    }

    /// An intake's members, not checked yet, and where each came from.
    ///
    /// # Errors
    /// Every value that cannot be what its column is.
    pub fn intake(&self, cells: Cells<'_>) -> Result<(Map<String, Value>, Sources), Vec<FieldError>> {
        let mut row = Row { members: Map::new(), sources: Vec::new(), amounts: Vec::new(), currency: None };
        let mut errors = Vec::new();
        for (path, text) in &self.constants {
            let column = Column::plain(path.clone());
            if let Err((rule, detail)) = self.put(&mut row, &column, None, text) {
                errors.push(FieldError::at(&path.pointer(None), rule, detail));
            }
        }
        for (nth, Field { place, name, column }) in self.columns.iter().enumerate() {
            let text = self.text(cells, *place, name);
            if let Err((rule, detail)) = self.put(&mut row, column, Some(nth), &text) {
                errors.push(FieldError::column(name, rule, detail));
            }
        }
        self.put_amounts(&mut row, &mut errors);
        if errors.is_empty() { Ok((row.members, row.sources)) } else { Err(errors) }
    }

    /// Says with each error which column its value has come from.
    pub fn name_columns(&self, sources: &Sources, errors: &mut [FieldError]) {
        for error in errors.iter_mut().filter(|error| error.column.is_none()) {
            let Some(at) = error.pointer.as_deref() else { continue };
            let held = sources.iter().filter_map(|(column, nth)| {
                let field = self.columns.get(*column)?;
                let pointer = field.column.to.pointer(*nth);
                let holds =
                    at.strip_prefix(pointer.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
                holds.then_some((pointer.len(), field))
            });
            // The one that says most exactly where.
            let field = held.max_by_key(|(exact, _)| *exact);
            error.column = field.map(|(_, field)| field.name.clone());
        }
    }

    fn text<'r>(&self, cells: Cells<'r>, place: usize, name: &str) -> Cow<'r, str> {
        match cells {
            Cells::Record(cells) => {
                let cell = cells.get(place).map(String::as_str).unwrap_or_default();
                Cow::Borrowed(if self.own { super::table::unguarded(cell) } else { cell })
            }
            Cells::Object(members) => match members.get(name) {
                None | Some(Value::Null) => Cow::Borrowed(""),
                Some(Value::String(text)) => Cow::Borrowed(text),
                Some(other) => Cow::Owned(other.to_string()),
            },
        }
    }

    fn put(
        &self,
        row: &mut Row,
        column: &Column,
        from: Option<usize>,
        text: &str,
    ) -> Result<(), (Rule, Cow<'static, str>)> {
        let Path { name, shape } = &column.to;
        let keeps_spaces = self.own || *shape == Shape::Prose;
        let text = if keeps_spaces { text } else { text.trim() };
        let text = match column.values.get(text) {
            Some(value) => value.as_str(),
            None if column.values.is_empty() || text.is_empty() => text,
            None => match column.unlisted {
                Unlisted::Keep => text,
                Unlisted::LeaveOut => "",
                Unlisted::Refuse => {
                    return Err((Rule::NotAllowed, Cow::Borrowed("must be one of the values that the mapping lists")));
                }
            },
        };
        if text.is_empty() || (text.trim().is_empty() && !self.own) {
            return Ok(());
        }
        let text = match &column.date {
            Some(pattern) => Cow::Owned(self.dated(column, pattern, text)?),
            None => Cow::Borrowed(text),
        };
        let item = |members: &mut Map<String, Value>, list: &str, value: Value| {
            let list = member(members, list);
            if let Value::Null = list {
                *list = Value::Array(Vec::new());
            }
            let items = list.as_array_mut();
            items.map(|items| {
                items.push(value);
                items.len() - 1
            })
        };
        let mut nth = None;
        match shape {
            Shape::Text | Shape::Prose => *member(&mut row.members, name) = text.into(),
            Shape::List => {
                let items = text.split(column.separator.unwrap_or(';')).map(str::trim).filter(|item| !item.is_empty());
                *member(&mut row.members, name) = items.map(Value::from).collect();
            }
            Shape::Json => {
                let value = json::from_str(&text).map_err(|_| (Rule::WrongType, Cow::Borrowed("must be JSON")))?;
                *member(&mut row.members, name) = value;
            }
            Shape::Contact(kind) => {
                let contact = Map::from_iter([("kind".to_owned(), (*kind).into()), ("value".to_owned(), text.into())]);
                nth = item(&mut row.members, "complainant.contacts", contact.into());
            }
            Shape::Amount(kind) => {
                row.amounts.push((kind, text.into_owned(), from));
                return Ok(());
            }
            Shape::Currency => row.currency = Some(text.into_owned()),
            Shape::Custom => {
                let value = match self.type_of(&column.to) {
                    Some(FieldType::Boolean) => text.parse().map(Value::Bool).ok(),
                    Some(FieldType::Integer) => text.parse::<i64>().map(Value::from).ok(),
                    _ => None,
                };
                *member(&mut row.members, name) = value.unwrap_or_else(|| text.into());
            }
        }
        row.sources.extend(from.map(|from| (from, nth)));
        Ok(())
    }

    /// What a field takes that the tenant has declared.
    fn type_of(&self, path: &Path) -> Option<FieldType> {
        self.types.get(path.name.strip_prefix(CUSTOM)?).copied()
    }

    fn dated(&self, column: &Column, pattern: &DatePattern, text: &str) -> Result<String, (Rule, Cow<'static, str>)> {
        const RULE: (Rule, Cow<'static, str>) =
            (Rule::NotAllowed, Cow::Borrowed("must be a date as the mapping writes them"));
        let shown = pattern.read(text).ok_or(RULE)?;
        match self.type_of(&column.to) {
            Some(FieldType::Date) => Ok(shown.date().to_string()),
            _ => column.offset.moment(shown).map(|at| at.to_string()).ok_or(RULE),
        }
    }

    /// Sums come last, for their currency may stand in any column.
    fn put_amounts(&self, row: &mut Row, errors: &mut Vec<FieldError>) {
        let mut items = match row.members.remove("amounts") {
            Some(Value::Array(items)) => items,
            Some(other) => vec![other],
            None => Vec::new(),
        };
        for (kind, text, from) in std::mem::take(&mut row.amounts) {
            let field = from.and_then(|from| self.columns.get(from));
            let name = field.map(|field| field.name.as_str()).unwrap_or_default();
            let Some(currency) = row.currency.clone().and_then(|code| CurrencyCode::try_from(code).ok()) else {
                errors.push(FieldError::column(
                    name,
                    Rule::Missing,
                    "needs a currency of ISO 4217: map one, or set it as a constant",
                ));
                continue;
            };
            let decimal = field.and_then(|field| field.column.decimal).unwrap_or('.');
            match minor_units(&text, decimal, currency.digits()) {
                Some(minor) => {
                    row.sources.extend(from.map(|from| (from, Some(items.len()))));
                    let currency = String::from(currency).into();
                    let amount = [("kind", kind.into()), ("minor", minor.into()), ("currency", currency)];
                    items.push(
                        amount
                            .into_iter()
                            .map(|(name, value): (&str, Value)| (name.to_owned(), value))
                            .collect::<Map<_, _>>()
                            .into(),
                    );
                }
                None => errors.push(FieldError::column(
                    name,
                    Rule::NotAllowed,
                    "must be a sum that its currency can express",
                )),
            }
        }
        if !items.is_empty() {
            row.members.insert("amounts".to_owned(), items.into());
        }
    }
}

/// An intake that is being put together.
struct Row {
    members: Map<String, Value>,
    sources: Sources,
    amounts: Vec<(&'static str, String, Option<usize>)>,
    currency: Option<String>,
}

impl Column {
    /// Its values are what they are.
    fn plain(to: Path) -> Self {
        let (values, unlisted, offset) = (BTreeMap::new(), Unlisted::Refuse, Offset::default());
        Self { to, values, unlisted, date: None, offset, separator: None, decimal: None }
    }
}

fn types(custom: &[CustomField]) -> BTreeMap<String, FieldType> {
    custom.iter().map(|field| (field.name.to_string(), field.takes)).collect()
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
            "columns": {
                "Case": { "to": "external_reference" },
                "Who": { "to": "complainant.name" },
                "Mail": { "to": "complainant.email" },
                "Tel": { "to": "complainant.phone" },
                "Via": { "to": "channel", "values": { "Post": "letter", "Call": "phone" } },
                "In": { "to": "received_at", "date": "DD/MM/YYYY", "offset": "+01:00" },
                "What": { "to": "description" },
                "Labels": { "to": "tags", "separator": "|" },
                "Lost": { "to": "amounts.loss", "decimal": "," },
                "Ccy": { "to": "currency" },
                "Opened": { "to": "custom.opened", "date": "DD/MM/YYYY" },
                "Visits": { "to": "custom.visits" },
                "Staff": { "to": "custom.staff" }
            },
            "constants": { "severity": "high", "amounts.claimed": "10.50", "complainant.language": "en" },
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
        let (fields, left_out) = Fields::of_table(Some(&bank()), &header(&BANK), &declared()).unwrap();
        assert_eq!(left_out, ["Other"]);
        let row = header(&ROW);
        let (members, sources) = fields.intake(Cells::Record(&row)).unwrap();
        let expected = json!({
            "external_reference": "C-1", "channel": "phone", "received_at": "2024-06-30T23:00:00.000Z",
            "complainant": { "name": "Ada", "language": "en", "contacts": [{ "kind": "email", "value": "ada@example.org" }] },
            "description": "  A fee. ", "tags": ["a", "b"], "severity": "high",
            "amounts": [
                { "kind": "claimed", "minor": 1050, "currency": "EUR" }, { "kind": "loss", "minor": 123_450, "currency": "EUR" }
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
        assert_eq!(columns, ["Mail", "Lost", "Ccy", "Via", "Staff", ""]);
    }

    #[test]
    fn an_object_is_mapped_as_a_table_is() {
        let object: Map<String, Value> =
            BANK.iter().zip(ROW).map(|(name, cell)| ((*name).to_owned(), cell.into())).collect();
        let (fields, _) = Fields::of_table(Some(&bank()), &header(&BANK), &declared()).unwrap();
        let of_objects = Fields::of_objects(&bank(), &declared());
        let row = header(&ROW);
        assert_eq!(of_objects.intake(Cells::Object(&object)), fields.intake(Cells::Record(&row)));
        assert_eq!(of_objects.row_id(Cells::Object(&object)), fields.row_id(Cells::Record(&row)));
        let object = json!({ "Visits": 3, "Staff": null, "Case": 7, "Extra": [1] });
        let (members, _) = of_objects.intake(Cells::Object(object.as_object().unwrap())).unwrap_or_default();
        assert_eq!(members, Map::new(), "the constant sum needs a currency");
    }

    #[test]
    fn every_value_that_cannot_be_is_named_with_its_column() {
        let (fields, _) = Fields::of_table(Some(&bank()), &header(&BANK), &declared()).unwrap();
        let mut row = header(&ROW);
        for (place, cell) in [(0, ""), (4, "Fax"), (5, "7/2024"), (8, "many"), (10, "soon")] {
            row[place] = cell.to_owned();
        }
        let errors = fields.intake(Cells::Record(&row)).unwrap_err();
        let columns: Vec<_> = errors.iter().map(|error| error.column.as_deref().unwrap()).collect();
        assert_eq!(columns, ["In", "Opened", "Via", "Lost"]);
        assert!(fields.row_id(Cells::Record(&row)).is_err());
    }

    #[test]
    fn unlisted_values_are_kept_or_left_out_if_asked_for() {
        for (unlisted, expected) in [("keep", json!({ "product": "Yacht" })), ("leave_out", json!({}))] {
            let mapping = mapping(
                json!({ "columns": { "P": { "to": "product", "values": { "a": "b" }, "unlisted": unlisted } } }),
            );
            let (fields, _) = Fields::of_table(Some(&mapping), &header(&["P"]), &[]).unwrap();
            assert_eq!(Value::from(fields.intake(Cells::Record(&header(&["Yacht"]))).unwrap().0), expected);
        }
    }

    #[test]
    fn a_table_without_a_mapping_is_called_as_the_fields_are() {
        let (fields, left_out) = Fields::of_table(
            None,
            &header(&["id", "channel", "complainant.name", "complainant.contacts", "custom.branch"]),
            &[],
        )
        .unwrap();
        assert_eq!(left_out, ["id"]);
        let row = header(&["1", "web", " '=Ada", r#"[{"kind":"post","value":"x"}]"#, "'-7"]);
        let expected = json!({ "channel": "web", "custom": { "branch": "-7" },
            "complainant": { "name": " '=Ada", "contacts": [{ "kind": "post", "value": "x" }] } });
        assert_eq!(Value::from(fields.intake(Cells::Record(&row)).unwrap().0), expected);
        assert!(Fields::of_table(None, &header(&["id", "Name"]), &[]).is_err());
    }

    #[test]
    fn a_table_that_the_mapping_does_not_fit_is_refused() {
        let errors = Fields::of_table(Some(&bank()), &header(&["Case", "Who", "Who"]), &[]).unwrap_err();
        let named =
            |name: &str| errors.iter().find(|error| error.column.as_deref() == Some(name)).map(|error| error.code);
        assert_eq!((named("Who"), named("Via"), named("Case")), (Some(Rule::NotAllowed), Some(Rule::Missing), None));
        for (wrong, pointer) in [
            (json!({ "columns": { "A": { "to": "colour" } } }), "/columns/A/to"),
            (json!({ "columns": { "A": { "to": "custom.Not OK" } } }), "/columns/A/to"),
            (json!({ "columns": {}, "constants": { "id": "x" } }), "/constants/id"),
            (json!({ "columns": { "A": { "to": "channel", "date": "soon" } } }), "/columns/A/date"),
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
