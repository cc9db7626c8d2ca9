//! The firm's own fields of complaints: `custom_fields` of `/v1/tenant`.

use super::{
    own::{self, lines},
    settings, shell,
};
use crate::{
    call::{Call, Outcome},
    console::{
        Desk, Shown, at_desk, nothing_here,
        office::{list, says, sent, text, texts},
    },
    staff::encoded,
};
use pages::console::{
    office::Notice,
    settings::{
        Tab,
        fields::{Declared, Field, Fields},
    },
};
use serde_json::{Value, json};

fn declared(field: &Value) -> Declared {
    Declared {
        name: text(field, "name").to_owned(),
        label: text(field, "label").to_owned(),
        sort: text(field, "type").to_owned(),
        choices: texts(field, "choices").join("\n"),
        required: says(field, "required"),
    }
}

/// What a form says of a field, of which the name and the sort are known.
fn typed(desk: &Desk, name: &str, sort: &str) -> Declared {
    Declared {
        name: name.to_owned(),
        label: desk.form.get("label").trim().to_owned(),
        sort: sort.to_owned(),
        choices: desk.form.get("choices").to_owned(),
        required: desk.form.get("required") == "yes",
    }
}

fn json_of(field: &Declared) -> Value {
    let Declared { name, label, sort, choices, required } = field;
    let choices = (sort == "choice").then(|| lines(choices));
    json!({ "name": name, "label": label, "type": sort, "choices": choices, "required": required })
}

/// `GET`, `POST /app/settings/fields`
pub(crate) async fn list_all(call: Call) -> Outcome {
    at_desk(call, fields).await
}

async fn fields(desk: &Desk) -> Shown {
    let own = own::read(desk).await?;
    let mut all = list(&own, "custom_fields").to_vec();
    let rows: Vec<_> = all.iter().map(declared).collect();
    let field = typed(desk, desk.form.get("name").trim(), desk.form.get("sort"));
    let mut notice = None;
    if sent(desk) {
        notice = if rows.iter().any(|row| row.name == field.name) {
            let words = "Choose another name, or change that field.".to_owned();
            Some(Notice { title: "There is a field of this name".to_owned(), words, ..Notice::default() })
        } else {
            all.push(json_of(&field));
            own::save(desk, &json!({ "custom_fields": all })).await?
        };
        if notice.is_none() {
            return desk.go("/app/settings/fields?done=added");
        }
    }
    desk.page(&Fields {
        shell: shell(desk),
        adding: notice.is_some(),
        settings: settings(desk, Some(Tab::Fields), notice),
        rows,
        field,
        version: own::version(&own),
    })
}

/// `GET`, `POST /app/settings/fields/{name}`
pub(crate) async fn one(call: Call) -> Outcome {
    at_desk(call, field).await
}

async fn field(desk: &Desk) -> Shown {
    let name: String = desk.call.path_value("name")?;
    let own = own::read(desk).await?;
    let mut all = list(&own, "custom_fields").to_vec();
    let place = all.iter().position(|field| text(field, "name") == name).ok_or_else(nothing_here)?;
    let mut field = all.get(place).map(declared).unwrap_or_default();
    let title = field.label.clone();
    let mut notice = None;
    if sent(desk) {
        let removes = desk.form.get("do") == "remove";
        if removes {
            all.remove(place);
        } else {
            field = typed(desk, &name, &field.sort);
            if let Some(held) = all.get_mut(place) {
                *held = json_of(&field);
            }
        }
        notice = own::save(desk, &json!({ "custom_fields": all })).await?;
        match notice {
            None if removes => return desk.go("/app/settings/fields?done=removed"),
            None => return desk.go(&format!("/app/settings/fields/{}?done=saved", encoded(&name))),
            Some(_) => {}
        }
    }
    desk.page(&Field {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::Fields), notice),
        title,
        field,
        version: own::version(&own),
    })
}
