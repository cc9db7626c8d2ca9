//! What the plan allows: `/v1/usage`.

use super::{settings, shell};
use crate::{
    call::{Call, Outcome},
    console::{
        Desk, Shown, at_desk,
        office::{list, number, says, text},
    },
};
use pages::console::{
    office::{bytes, words},
    settings::{
        Tab,
        usage::{Line, Usage, percent, quota, window},
    },
    words::number as grouped,
};
use serde_json::Value;

/// `GET /app/settings/usage`
pub(crate) async fn show(call: Call) -> Outcome {
    at_desk(call, page).await
}

async fn page(desk: &Desk) -> Shown {
    let held: Value = desk.api.get("/v1/usage").await?;
    desk.page(&Usage {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::Usage), None),
        plan: words(text(&held, "plan")),
        quotas: list(&held, "quotas").iter().map(of_quota).collect(),
        windows: list(&held, "windows").iter().map(of_window).collect(),
    })
}

fn of_quota(held: &Value) -> Line {
    let (of, used, limit) = (text(held, "quota"), number(held, "used"), number(held, "limit"));
    let say = |n| if of == "storage_bytes" { bytes(n) } else { grouped(n) };
    let warning = match (says(held, "exceeded"), says(held, "warning")) {
        (true, _) => "More is used than your plan includes.",
        (false, true) => "Nearly all is used.",
        (false, false) => "",
    };
    Line { name: quota(of), used: say(used), limit: say(limit), percent: percent(used, limit), warning }
}

fn of_window(held: &Value) -> Line {
    let limit = number(held, "limit");
    let used = limit.saturating_sub(number(held, "remaining"));
    Line {
        name: window(text(held, "policy")),
        used: grouped(used),
        limit: grouped(limit),
        percent: percent(used, limit),
        warning: "",
    }
}
