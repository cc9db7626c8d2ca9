//! Parts that the firm does without: `off` of `/v1/tenant`.

use super::{
    own::{self, texts},
    settings, shell,
};
use crate::{
    call::{Call, Outcome},
    console::{Desk, Shown, at_desk, office::sent},
};
use pages::console::settings::{Choice, Tab, switches::Switches};
use serde_json::json;
use shared::flags::Part;

/// `GET`, `POST /app/settings/switches`
pub(crate) async fn show(call: Call) -> Outcome {
    at_desk(call, page).await
}

async fn page(desk: &Desk) -> Shown {
    let own = own::read(desk).await?;
    let others = |on: &[String]| -> Vec<String> {
        Part::NAMES.iter().map(|part| (*part).to_owned()).filter(|part| !on.contains(part)).collect()
    };
    let mut on = others(&texts(&own, "off"));
    let mut notice = None;
    if sent(desk) {
        on = desk.form.all("on").map(str::to_owned).collect();
        notice = own::save(desk, &json!({ "off": others(&on) })).await?;
        if notice.is_none() {
            return desk.go("/app/settings/switches?done=saved");
        }
    }
    desk.page(&Switches {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::Switches), notice),
        parts: Choice::of(Part::NAMES, &on),
        version: own::version(&own),
    })
}
