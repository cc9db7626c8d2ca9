//! The whole URL space as one table: which of a cell's Workers serves a route, and who may use it. Routes stand in the block of the
//! Worker that serves them ([`Side`]); the front passes on what is another's.

#[cfg(feature = "front")]
use crate::api::people;
#[cfg(feature = "staff")]
use crate::{api::sign_in, console, staff};
#[cfg(feature = "web")]
use crate::{
    api::{access_events, scim, teams},
    portal::{self, brand, case, complain, evidence, keep, send, track},
};
use crate::{
    api::{
        attachments, bulk, case_file, changes, clocks, commands, complaints, dead_letters, deadlines, duplicates,
        export, files, flags, health, import, inbound_mails, keys, letter_templates, letters, live, lock, metrics,
        notifications, own_tenant, relocations, shards, split, statistics, taxonomy, tenants, test_clock, uploads,
        usage, views, webhooks,
    },
    bridge,
    gateway::{Endpoint, admission::Cost},
    relocate::arriving,
    side::Side,
};
use axum::{
    Router,
    extract::Request,
    routing::{self, MethodFilter, MethodRouter},
};
#[cfg(not(target_arch = "wasm32"))]
use shared::access::Access;
use shared::access::Scope::{
    AccessLogRead, ComplaintsLead, ComplaintsRead, ComplaintsWrite, Scim, StaffManage, TenantManage, UsageRead,
};
use worker::send::SendFuture;

/// A line of the table, for the API description.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) struct Route {
    /// The HTTP method, in capitals.
    pub(crate) method: &'static str,
    /// The path, with `{name}` for its variables.
    pub(crate) path: &'static str,
    /// What it asks of its caller.
    pub(crate) access: Access<'static>,
    /// Which of the Workers serves it.
    #[cfg(test)]
    pub(crate) side: Side,
}

#[cfg(not(target_arch = "wasm32"))]
macro_rules! access {
    (public) => {
        Access::Public
    };
    (operator) => {
        Access::Operator
    };
    (operator_of_move) => {
        Access::Operator
    };
    (cell) => {
        Access::Cell
    };
    (page) => {
        Access::Page
    };
    (sending) => {
        Access::Page
    };
    (case) => {
        Access::Case
    };
    (tenant $scope:ident) => {
        Access::Tenant($scope)
    };
    (intake $scope:ident) => {
        Access::Tenant($scope)
    };
}

/// A handler without its type, so that the way to it is compiled once and not once a route.
macro_rules! endpoint {
    ($handler:path, public) => {
        Endpoint::Public(|call| Box::pin($handler(call)))
    };
    ($handler:path, operator) => {
        Endpoint::Operator(|call| Box::pin($handler(call)))
    };
    ($handler:path, operator_of_move) => {
        Endpoint::OperatorOfMove(|call| Box::pin($handler(call)))
    };
    ($handler:path, cell) => {
        Endpoint::Cell(|call| Box::pin($handler(call)))
    };
    ($handler:path, page) => {
        Endpoint::Page(Cost::Request, |call| Box::pin($handler(call)))
    };
    // Like `page`, and counts against the quota of complaints if one is logged.
    ($handler:path, sending) => {
        Endpoint::Page(Cost::Complaint, |call| Box::pin($handler(call)))
    };
    ($handler:path, case) => {
        Endpoint::Case(|call| Box::pin($handler(call)))
    };
    ($handler:path, tenant $scope:ident) => {
        Endpoint::Tenant($scope, Cost::Request, |call| Box::pin($handler(call)))
    };
    // Like `tenant`, and counts against the quota of complaints if one is logged.
    ($handler:path, intake $scope:ident) => {
        Endpoint::Tenant($scope, Cost::Complaint, |call| Box::pin($handler(call)))
    };
}

/// The endpoint in the build that serves it; in others, whom to ask. What a build does not serve is not compiled.
macro_rules! served {
    (All, $endpoint:expr) => {
        $endpoint
    };
    (Front, $endpoint:expr) => {
        served!("front" Front, $endpoint)
    };
    (Middle, $endpoint:expr) => {
        served!("middle" Middle, $endpoint)
    };
    (Courier, $endpoint:expr) => {
        served!("courier" Courier, $endpoint)
    };
    (Back, $endpoint:expr) => {
        served!("back" Back, $endpoint)
    };
    (Web, $endpoint:expr) => {
        served!("web" Web, $endpoint)
    };
    (Staff, $endpoint:expr) => {
        served!("staff" Staff, $endpoint)
    };
    ($feature:literal $side:ident, $endpoint:expr) => {{
        let _beside = Endpoint::Beside(Side::$side);
        #[cfg(feature = $feature)]
        let _beside = $endpoint;
        _beside
    }};
}

macro_rules! routes {
    ($($side:ident { $($method:ident $path:literal $handler:path, $($access:ident)+;)* })*) => {
        /// Every route.
        #[cfg(not(target_arch = "wasm32"))]
        pub(crate) const ROUTES: &[Route] = &[$($(Route {
            method: stringify!($method),
            path: $path,
            access: access!($($access)+),
            #[cfg(test)]
            side: Side::$side,
        },)*)*];

        pub(crate) fn router() -> Router {
            // What is below a firm's slug and nothing there is a page as well.
            let missing = served!(Web, Endpoint::Page(Cost::Request, |call| Box::pin(portal::missing(call))));
            Router::new().fallback(move |request: Request| SendFuture::new(bridge::answer_missing(request, missing)))$($(.route($path, on(
                MethodFilter::$method,
                served!($side, endpoint!($handler, $($access)+)),
            )))*)*
        }
    };
}

fn on(method: MethodFilter, endpoint: Endpoint) -> MethodRouter {
    routing::on(method, move |request: Request| SendFuture::new(bridge::answer(request, endpoint)))
}

routes! {
    All {
        GET "/healthz" health::live, public;
    }

    Front {
        GET "/readyz" health::ready, public;

        POST "/mail-events" notifications::mail_event, public;

        GET "/v1/deadlines/forecast" deadlines::read, tenant ComplaintsRead;

        GET "/v1/changes" changes::read, tenant ComplaintsRead;

        GET  "/v1/live" live::connect, tenant ComplaintsRead;
        POST "/v1/live-tickets" live::ticket, tenant ComplaintsRead;

        POST   "/v1/views" views::create, tenant ComplaintsWrite;
        GET    "/v1/views" views::list, tenant ComplaintsRead;
        GET    "/v1/views/{id}" views::read, tenant ComplaintsRead;
        PATCH  "/v1/views/{id}" views::patch, tenant ComplaintsWrite;
        DELETE "/v1/views/{id}" views::delete, tenant ComplaintsWrite;

        POST "/v1/complaints" complaints::create, intake ComplaintsWrite;
        GET  "/v1/complaints" complaints::list, tenant ComplaintsRead;
        GET  "/v1/complaints/counts" complaints::counts, tenant ComplaintsRead;
        POST "/v1/complaints/duplicates" duplicates::of_draft, tenant ComplaintsRead;
        GET  "/v1/complaints/{id}" complaints::read, tenant ComplaintsRead;
        GET  "/v1/complaints/{id}/events" case_file::events, tenant ComplaintsRead;
        GET  "/v1/complaints/{id}/clocks" clocks::list, tenant ComplaintsRead;
        GET  "/v1/complaints/{id}/verify" case_file::verify, tenant ComplaintsRead;
        GET  "/v1/complaints/{id}/case-file" case_file::export, tenant ComplaintsRead;
        GET  "/v1/complaints/{id}/duplicates" duplicates::list, tenant ComplaintsRead;
        GET  "/v1/complaints/{id}/deliveries" case_file::deliveries, tenant ComplaintsRead;

        POST   "/v1/complaints/{id}/attachments" attachments::add, tenant ComplaintsWrite;
        GET    "/v1/complaints/{id}/attachments/{attachment}" attachments::read, tenant ComplaintsRead;
        DELETE "/v1/complaints/{id}/attachments/{attachment}" attachments::remove, tenant ComplaintsLead;
        POST   "/v1/complaints/{id}/attachments/{attachment}/link" attachments::link, tenant ComplaintsRead;
        GET    "/v1/files/{token}" files::download, public;
        POST   "/v1/complaints/{id}/uploads" uploads::begin, tenant ComplaintsWrite;
        GET    "/v1/complaints/{id}/uploads/{upload}" uploads::read, tenant ComplaintsRead;
        DELETE "/v1/complaints/{id}/uploads/{upload}" uploads::give_up, tenant ComplaintsWrite;
        PUT    "/v1/complaints/{id}/uploads/{upload}/parts/{part}" uploads::part, tenant ComplaintsWrite;
        POST   "/v1/complaints/{id}/uploads/{upload}/complete" uploads::complete, tenant ComplaintsWrite;

        PUT    "/v1/complaints/{id}/lock" lock::take, tenant ComplaintsWrite;
        DELETE "/v1/complaints/{id}/lock" lock::release, tenant ComplaintsWrite;
        PUT    "/v1/complaints/{id}/lock/holder" lock::take_over, tenant ComplaintsLead;

        POST "/v1/complaints/{id}/acknowledge" commands::acknowledge, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/assign" commands::assign, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/investigate" commands::investigate, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/classify" commands::classify, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/note" commands::note, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/contact" commands::contact, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/request-information" commands::request_information, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/propose-response" commands::propose_response, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/resolve" commands::resolve, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/close" commands::close, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/reopen" commands::reopen, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/withdraw" commands::withdraw, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/refer" commands::refer, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/link" commands::link, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/unlink" commands::unlink, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/correct" commands::correct, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/milestone" commands::milestone, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/retract-milestone" commands::retract_milestone, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/pay-redress" commands::pay_redress, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/record-adr-outcome" commands::record_adr_outcome, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/label" commands::label, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/split" split::split, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/rejoin" split::rejoin, tenant ComplaintsWrite;
        POST "/v1/complaints/{id}/move-clocks" commands::move_clocks, tenant ComplaintsLead;

        GET    "/v1/people" people::list, tenant StaffManage;
        POST   "/v1/people" people::create, tenant StaffManage;
        GET    "/v1/people/{id}" people::read, tenant StaffManage;
        PATCH  "/v1/people/{id}" people::patch, tenant StaffManage;
        POST   "/v1/people/{id}/deactivate" people::deactivate, tenant StaffManage;
        POST   "/v1/people/{id}/reactivate" people::reactivate, tenant StaffManage;
        GET    "/v1/people/{id}/events" people::events, tenant StaffManage;
        GET    "/v1/people/{id}/sessions" people::sessions, tenant StaffManage;
        DELETE "/v1/people/{id}/sessions/{session}" people::end_session, tenant StaffManage;

        GET  "/v1/inbound-mails" inbound_mails::list, tenant ComplaintsRead;
        GET  "/v1/inbound-mails/{id}" inbound_mails::read, tenant ComplaintsRead;
        GET  "/v1/inbound-mails/{id}/raw" inbound_mails::raw, tenant ComplaintsRead;
        POST "/v1/inbound-mails/{id}/retry" inbound_mails::retry, tenant ComplaintsLead;
    }

    Middle {
        POST "/v1/complaints:import" import::import, tenant ComplaintsWrite;
        GET  "/v1/complaints:export" export::export, tenant ComplaintsRead;

        POST "/v1/bulk" bulk::create, tenant ComplaintsWrite;
        GET  "/v1/bulk" bulk::list, tenant ComplaintsRead;
        GET  "/v1/bulk/{id}" bulk::read, tenant ComplaintsRead;
        GET  "/v1/bulk/{id}/rows" bulk::rows, tenant ComplaintsRead;
        POST "/v1/bulk/{id}/cancel" bulk::cancel, tenant ComplaintsWrite;
    }

    Courier {
        GET    "/v1/letters/kinds" letters::list_kinds, tenant ComplaintsRead;
        GET    "/v1/letters/templates" letter_templates::list, tenant ComplaintsRead;
        GET    "/v1/letters/templates/{kind}/{language}/{brand}" letter_templates::read, tenant ComplaintsRead;
        PUT    "/v1/letters/templates/{kind}/{language}/{brand}" letter_templates::save, tenant ComplaintsLead;
        DELETE "/v1/letters/templates/{kind}/{language}/{brand}" letter_templates::retire, tenant ComplaintsLead;
        POST "/v1/complaints/{id}/letters/preview" letters::preview, tenant ComplaintsRead;
        POST "/v1/complaints/{id}/letters" letters::draft, tenant ComplaintsWrite;
        GET  "/v1/complaints/{id}/letters/{letter}" letters::read, tenant ComplaintsRead;
        GET  "/v1/complaints/{id}/letters/{letter}/html" letters::read_html, tenant ComplaintsRead;
        GET  "/v1/complaints/{id}/letters/{letter}/pdf" letters::read_pdf, tenant ComplaintsRead;
        POST "/v1/complaints/{id}/letters/{letter}/approve" letters::approve, tenant ComplaintsLead;
        POST "/v1/complaints/{id}/letters/{letter}/send" letters::send, tenant ComplaintsWrite;

        GET "/v1/complaints/{id}/attachments/{attachment}/thumbnail" attachments::thumbnail, tenant ComplaintsRead;

        GET  "/v1/notifications" notifications::list, tenant ComplaintsRead;
        POST "/v1/notifications/{id}/retry" notifications::retry, tenant ComplaintsLead;
        GET  "/v1/notifications/rules" notifications::read_rules, tenant ComplaintsRead;
        PUT  "/v1/notifications/rules" notifications::set_rules, tenant ComplaintsLead;
    }

    Back {
        GET "/metrics" metrics::show, operator;

        GET  "/v1/dead-letters" dead_letters::list, operator;
        POST "/v1/dead-letters/{id}/replay" dead_letters::replay, operator;

        GET "/v1/usage" usage::own, tenant UsageRead;

        GET "/v1/statistics" statistics::read, tenant ComplaintsRead;

        POST  "/v1/tenants" tenants::create, operator;
        GET   "/v1/tenants" tenants::list, operator;
        GET   "/v1/tenants/{id}" tenants::read, operator;
        PATCH "/v1/tenants/{id}" tenants::patch, operator;
        POST  "/v1/tenants/{id}/suspend" tenants::suspend, operator;
        POST  "/v1/tenants/{id}/resume" tenants::resume, operator;
        POST  "/v1/tenants/{id}/shards" shards::add, operator;
        POST  "/v1/tenants/{id}/keys" keys::issue, operator;
        GET   "/v1/tenants/{id}/keys" keys::list, operator;
        POST  "/v1/tenants/{id}/delete" tenants::delete, operator;
        GET   "/v1/tenants/{id}/usage" usage::of_tenant, operator;
        POST  "/v1/tenants/{id}/keys/{key}/rotate" keys::rotate, operator;
        POST  "/v1/tenants/{id}/keys/{key}/revoke" keys::revoke, operator;
        POST  "/v1/tenants/{id}/relocation" relocations::begin, operator;
        GET   "/v1/tenants/{id}/relocation" relocations::read, operator_of_move;
        POST  "/v1/tenants/{id}/relocation/advance" relocations::advance, operator_of_move;
        POST  "/v1/tenants/{id}/relocation/cancel" relocations::cancel, operator_of_move;
        POST  "/v1/relocations/{tenant}/{step}" arriving::take_part, cell;

        GET   "/v1/tenant" own_tenant::read, tenant TenantManage;
        PATCH "/v1/tenant" own_tenant::patch, tenant TenantManage;
        GET   "/v1/tenant/events" own_tenant::events, tenant TenantManage;
        GET   "/v1/keys" keys::list_own, tenant TenantManage;
        POST  "/v1/keys" keys::issue_own, tenant TenantManage;
        POST  "/v1/keys/{key}/rotate" keys::rotate_own, tenant TenantManage;
        POST  "/v1/keys/{key}/revoke" keys::revoke_own, tenant TenantManage;

        POST   "/v1/webhook-endpoints" webhooks::create, tenant ComplaintsLead;
        GET    "/v1/webhook-endpoints" webhooks::list, tenant ComplaintsRead;
        GET    "/v1/webhook-endpoints/{id}" webhooks::read, tenant ComplaintsRead;
        PATCH  "/v1/webhook-endpoints/{id}" webhooks::patch, tenant ComplaintsLead;
        DELETE "/v1/webhook-endpoints/{id}" webhooks::delete, tenant ComplaintsLead;
        POST   "/v1/webhook-endpoints/{id}/rotate-secret" webhooks::rotate, tenant ComplaintsLead;
        POST   "/v1/webhook-endpoints/{id}/test" webhooks::test, tenant ComplaintsLead;
        GET    "/v1/webhook-endpoints/{id}/deliveries" webhooks::log, tenant ComplaintsRead;
        POST   "/v1/webhook-endpoints/{id}/replay" webhooks::replay, tenant ComplaintsLead;

        GET "/v1/test-clock" test_clock::read, tenant ComplaintsRead;
        PUT "/v1/test-clock" test_clock::set, tenant ComplaintsLead;

        GET "/v1/tenant/taxonomy" taxonomy::read, tenant TenantManage;

        GET   "/v1/flags" flags::read, operator;
        PUT   "/v1/flags" flags::set, operator;
    }

    Staff {
        GET    "/v1/sign-in" sign_in::read, tenant StaffManage;
        PUT    "/v1/sign-in" sign_in::set, tenant StaffManage;

        GET  "/app" console::home, public;
        GET  "/app/queue" console::queue::show, public;
        GET  "/app/cases/{id}" console::case::show, public;
        POST "/app/cases/{id}/{command}" console::case::act, public;
        POST "/app/cases/{id}/lock" console::case::lock, public;
        POST "/app/cases/{id}/take-over" console::case::take_over, public;
        POST "/app/cases/{id}/unlock" console::case::unlock, public;
        GET  "/app/cases/{id}/files/{file}" console::case::file, public;
        GET  "/app/cases/{id}/letters/new" console::letter::begin, public;
        POST "/app/cases/{id}/letters" console::letter::keep, public;
        POST "/app/cases/{id}/letters/check" console::letter::check, public;
        GET  "/app/cases/{id}/letters/{letter}" console::letter::show, public;
        POST "/app/cases/{id}/letters/{letter}/approve" console::letter::approve, public;
        POST "/app/cases/{id}/letters/{letter}/send" console::letter::send, public;
        GET  "/app/changes" console::changes::follow, public;
        POST "/app/views" console::views::create, public;
        POST "/app/views/{id}" console::views::rename, public;
        POST "/app/views/{id}/delete" console::views::delete, public;
        GET  "/app/jobs" console::bulk::list, public;
        POST "/app/jobs" console::bulk::create, public;
        GET  "/app/jobs/new" console::bulk::ask, public;
        GET  "/app/jobs/{id}" console::bulk::show, public;
        POST "/app/jobs/{id}/do" console::bulk::carry_out, public;
        POST "/app/jobs/{id}/cancel" console::bulk::cancel, public;
        GET  "/app/cases/new" console::new_case::show, public;
        POST "/app/cases/new" console::new_case::create, public;
        GET  "/app/dashboard" console::dashboard::show, public;
        GET  "/app/dashboard/{chart}" console::dashboard::csv, public;
        GET  "/app/settings" console::settings::overview, public;
        GET  "/app/settings/changes" console::settings::changes::show, public;
        GET  "/app/settings/deadlines" console::settings::deadlines::list_all, public;
        POST "/app/settings/deadlines" console::settings::deadlines::list_all, public;
        GET  "/app/settings/deadlines/{id}" console::settings::deadlines::one, public;
        POST "/app/settings/deadlines/{id}" console::settings::deadlines::one, public;
        GET  "/app/settings/new-deadline" console::settings::deadlines::add, public;
        POST "/app/settings/new-deadline" console::settings::deadlines::add, public;
        GET  "/app/settings/fields" console::settings::fields::list_all, public;
        POST "/app/settings/fields" console::settings::fields::list_all, public;
        GET  "/app/settings/fields/{name}" console::settings::fields::one, public;
        POST "/app/settings/fields/{name}" console::settings::fields::one, public;
        GET  "/app/settings/firm" console::settings::firm::show, public;
        POST "/app/settings/firm" console::settings::firm::show, public;
        GET  "/app/settings/keys" console::settings::keys::list_all, public;
        POST "/app/settings/keys" console::settings::keys::list_all, public;
        GET  "/app/settings/keys/{id}" console::settings::keys::one, public;
        POST "/app/settings/keys/{id}" console::settings::keys::one, public;
        GET  "/app/settings/people" console::settings::people::list_all, public;
        POST "/app/settings/people" console::settings::people::list_all, public;
        GET  "/app/settings/people/{id}" console::settings::people::one, public;
        POST "/app/settings/people/{id}" console::settings::people::one, public;
        GET  "/app/settings/switches" console::settings::switches::show, public;
        POST "/app/settings/switches" console::settings::switches::show, public;
        GET  "/app/settings/taxonomy" console::settings::taxonomy::show, public;
        POST "/app/settings/taxonomy" console::settings::taxonomy::show, public;
        GET  "/app/settings/teams" console::settings::teams::list_all, public;
        POST "/app/settings/teams" console::settings::teams::list_all, public;
        GET  "/app/settings/teams/{id}" console::settings::teams::one, public;
        POST "/app/settings/teams/{id}" console::settings::teams::one, public;
        GET  "/app/settings/sign-in" console::settings::sign_in::show, public;
        POST "/app/settings/sign-in" console::settings::sign_in::show, public;
        GET  "/app/settings/letters" console::settings::letters::list_all, public;
        GET  "/app/settings/letters/new" console::settings::letters::begin, public;
        GET  "/app/settings/letters/{kind}/{language}/{brand}" console::settings::letters::one, public;
        POST "/app/settings/letters/{kind}/{language}/{brand}" console::settings::letters::one, public;
        GET  "/app/settings/notifications" console::settings::notifications::show, public;
        POST "/app/settings/notifications" console::settings::notifications::show, public;
        GET  "/app/settings/webhooks" console::settings::webhooks::list_all, public;
        POST "/app/settings/webhooks" console::settings::webhooks::list_all, public;
        GET  "/app/settings/webhooks/{id}" console::settings::webhooks::one, public;
        POST "/app/settings/webhooks/{id}" console::settings::webhooks::one, public;
        GET  "/app/settings/usage" console::settings::usage::show, public;
        GET  "/app/audit" console::audit::reads, public;
        GET  "/app/audit/changes" console::audit::changes, public;
        GET  "/app/audit/complaint" console::audit::complaint, public;
        GET  "/app/profile" console::profile::show, public;
        GET  "/app/session" staff::session, public;
        GET  "/app/sign-in" staff::which_firm, public;
        GET  "/app/sign-in/link" staff::link, public;
        POST "/app/sign-in/link" staff::use_link, public;
        GET  "/app/callback" staff::provider::callback, public;
        GET  "/app/step-up" staff::provider::step_up, public;
        POST "/app/refresh" staff::refresh, public;
        POST "/app/sign-out" staff::sign_out, public;
        POST "/app/sessions/{id}/end" staff::end_session, public;
        GET  "/app/{firm}/sign-in" staff::sign_in, public;
        POST "/app/{firm}/sign-in" staff::ask_for_link, public;
        GET  "/app/{firm}/provider" staff::provider::begin_attempt, public;
    }

    Web {
        GET    "/v1/teams" teams::list, tenant StaffManage;
        POST   "/v1/teams" teams::create, tenant StaffManage;
        GET    "/v1/teams/{id}" teams::read, tenant StaffManage;
        PATCH  "/v1/teams/{id}" teams::patch, tenant StaffManage;
        DELETE "/v1/teams/{id}" teams::delete, tenant StaffManage;
        GET    "/v1/access-events" access_events::list, tenant AccessLogRead;

        GET    "/scim/v2/Users" scim::users, tenant Scim;
        POST   "/scim/v2/Users" scim::create_user, tenant Scim;
        GET    "/scim/v2/Users/{id}" scim::read_user, tenant Scim;
        PUT    "/scim/v2/Users/{id}" scim::replace_user, tenant Scim;
        PATCH  "/scim/v2/Users/{id}" scim::patch_user, tenant Scim;
        DELETE "/scim/v2/Users/{id}" scim::delete_user, tenant Scim;
        GET    "/scim/v2/Groups" scim::groups, tenant Scim;
        POST   "/scim/v2/Groups" scim::create_group, tenant Scim;
        GET    "/scim/v2/Groups/{id}" scim::read_group, tenant Scim;
        PUT    "/scim/v2/Groups/{id}" scim::replace_group, tenant Scim;
        PATCH  "/scim/v2/Groups/{id}" scim::patch_group, tenant Scim;
        DELETE "/scim/v2/Groups/{id}" scim::delete_group, tenant Scim;
        GET    "/scim/v2/ServiceProviderConfig" scim::config, tenant Scim;
        GET    "/scim/v2/ResourceTypes" scim::resource_types, tenant Scim;
        GET    "/scim/v2/ResourceTypes/{name}" scim::resource_type, tenant Scim;
        GET    "/scim/v2/Schemas" scim::schemas, tenant Scim;
        GET    "/scim/v2/Schemas/{urn}" scim::schema, tenant Scim;

        GET  "/v1/complaints/{id}/opt-out" notifications::read_opt_out, tenant ComplaintsRead;
        PUT  "/v1/complaints/{id}/opt-out" notifications::set_opt_out, tenant ComplaintsWrite;
        GET  "/opt-out/{token}" notifications::ask, public;
        POST "/opt-out/{token}" notifications::confirm, public;

        GET  "/{tenant}/" complain::start, page;
        GET  "/{tenant}/brand.css" brand::stylesheet, page;
        GET  "/{tenant}/logo" brand::logo, page;
        POST "/{tenant}/reading" complain::reading, page;
        GET  "/{tenant}/complain/what" complain::what, page;
        POST "/{tenant}/complain/what" complain::answer_what, page;
        GET  "/{tenant}/complain/outcome" complain::outcome, page;
        POST "/{tenant}/complain/outcome" complain::answer_outcome, page;
        GET  "/{tenant}/complain/you" complain::you, page;
        POST "/{tenant}/complain/you" complain::answer_you, page;
        GET  "/{tenant}/complain/evidence" evidence::show, page;
        POST "/{tenant}/complain/evidence" evidence::add, page;
        POST "/{tenant}/complain/evidence/{id}/remove" evidence::remove, page;
        GET  "/{tenant}/complain/check" send::check, page;
        POST "/{tenant}/complain/check" send::send, sending;
        GET  "/{tenant}/complain/save" keep::saved, page;
        POST "/{tenant}/complain/save" keep::save, page;
        POST "/{tenant}/complain/save/mail" keep::mail, page;
        GET  "/{tenant}/complain/received" send::received, page;
        GET  "/{tenant}/come-back" keep::come_back, page;
        POST "/{tenant}/come-back" keep::ask_to_come_back, page;
        GET  "/{tenant}/come-back/{id}" keep::take_up, page;
        GET  "/{tenant}/track" track::show, page;
        POST "/{tenant}/track" track::ask, page;
        GET  "/{tenant}/track/code" track::code, page;
        POST "/{tenant}/track/code" track::enter, page;
        GET  "/{tenant}/track/{id}" track::follow, page;
        GET  "/{tenant}/case" case::show, case;
        POST "/{tenant}/case/messages" case::write, case;
        POST "/{tenant}/case/files" case::add_files, case;
        GET  "/{tenant}/case/files/{id}" case::file, case;
        GET  "/{tenant}/case/letters/{id}" case::letter, case;
        GET  "/{tenant}/case/representative" case::representative, case;
        POST "/{tenant}/case/representative" case::name_representative, case;
        POST "/{tenant}/case/representative/withdraw" case::withdraw_representative, case;
        POST "/{tenant}/sign-out" track::sign_out, page;
    }
}

#[cfg(test)]
mod tests {
    use super::{ROUTES, Side};

    /// Whether somebody may see a complaint is asked there alone: see `gateway::staff`.
    #[test]
    fn what_is_of_one_complaint_is_served_by_the_front_the_courier_and_the_web() {
        let of_one = ROUTES.iter().filter(|route| route.path.starts_with("/v1/complaints/{id}"));
        assert!(of_one.clone().count() > 40);
        for route in of_one {
            let sides = [Side::Front, Side::Courier, Side::Web];
            assert!(sides.contains(&route.side), "{} {}", route.method, route.path);
        }
    }

    /// Two routes that are at odds would end every isolate.
    #[test]
    fn routes_are_not_at_odds() {
        assert!(super::router().has_routes());
    }
}
