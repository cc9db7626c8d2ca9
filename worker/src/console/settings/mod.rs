//! What a firm sets, and what was set for it.

pub(crate) mod letters;
pub(crate) mod notifications;
pub(crate) mod people;
pub(crate) mod sign_in;
pub(crate) mod teams;
pub(crate) mod usage;
pub(crate) mod webhooks;

use super::{Desk, Shown, at_desk, office};
use crate::call::{Call, Outcome};
use pages::console::{
    office::{Notice, words},
    settings::{Firm, Overview, Settings, Tab},
    shell::{Section, Shell},
};
use shared::{
    access::{Scope, staff::has_scope},
    tenant::Tenant,
    time::Timestamp,
};

/// Which scope a page of settings needs to be seen, and which to be changed.
const fn scopes(tab: Tab) -> (Option<Scope>, Option<Scope>) {
    match tab {
        Tab::People | Tab::Teams | Tab::SignIn => (Some(Scope::StaffManage), Some(Scope::StaffManage)),
        Tab::Letters | Tab::Notifications | Tab::Webhooks => (Some(Scope::ComplaintsRead), Some(Scope::ComplaintsLead)),
        Tab::Usage => (Some(Scope::UsageRead), None),
        Tab::Firm => (None, None),
    }
}

fn shell(desk: &Desk) -> Shell {
    desk.shell(Section::Settings)
}

/// What every page has; `notice` comes before what the address says was done.
fn settings(desk: &Desk, tab: Option<Tab>, notice: Option<Notice>) -> Settings {
    let has = |scope: Option<Scope>| scope.is_some_and(|scope| has_scope(desk.roles(), scope));
    let seen = |tab: &Tab| scopes(*tab).0.is_none() || has(scopes(*tab).0);
    Settings {
        tabs: Tab::ALL.into_iter().filter(seen).collect(),
        tab,
        notice: notice.or_else(|| office::done(desk)),
        may_change: tab.is_some_and(|tab| has(scopes(tab).1)),
        key: office::fresh_key(desk),
    }
}

/// `GET /app/settings`
pub(crate) async fn overview(call: Call) -> Outcome {
    at_desk(call, async |desk| desk.page(&Overview { shell: shell(desk), settings: settings(desk, None, None) })).await
}

/// `GET /app/settings/firm`: what the operator has set, as it stands in the record by which every request is let in.
pub(crate) async fn firm(call: Call) -> Outcome {
    at_desk(call, async |desk| firm_page(desk)).await
}

fn firm_page(desk: &Desk) -> Shown {
    let tenant = &desk.visitor.door.standing.tenant;
    let required = |must: bool| if must { "must be given" } else { "may be given" };
    let fields = tenant.custom_fields.iter();
    let brands = tenant.letters.brands.iter();
    let products = desk.products().iter().filter(|product| product.offered);
    desk.page(&Firm {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::Firm), None),
        facts: facts(tenant),
        fields: fields
            .map(|field| (field.label.as_str().to_owned(), code(&field.takes), required(field.required)))
            .collect(),
        brands: brands.map(|brand| (brand.id.as_str().to_owned(), brand.name.as_str().to_owned())).collect(),
        products: products.map(|one| (one.code.as_str().to_owned(), one.name.clone())).collect(),
    })
}

/// What an enum is called on the wire, in words.
fn code(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    words(text.trim_matches('"'))
}

fn facts(tenant: &Tenant) -> Vec<(&'static str, String)> {
    let own = tenant.clocks.service_levels.len();
    let ahead = Timestamp::from_unix_millis(0).plus_millis(tenant.ahead_by) > Timestamp::from_unix_millis(0);
    let mut facts = vec![
        ("Name", tenant.display_name.as_str().to_owned()),
        ("In addresses", tenant.slug.to_string()),
        ("Trade, by which complaints are sorted", code(&tenant.sector)),
        ("Law", code(&tenant.jurisdiction)),
        ("References begin with", String::from(tenant.reference_prefix.clone())),
        ("Where data lies", tenant.home_cell.to_string()),
        ("Deadlines of your own", own.to_string()),
        ("Writes of keys must be signed", if tenant.signed_writes { "yes" } else { "no" }.to_owned()),
        ("Similar complaints are linked", code(&tenant.link_duplicates)),
    ];
    if ahead {
        facts.push(("Test clock", "ahead of the world’s".to_owned()));
    }
    facts
}
