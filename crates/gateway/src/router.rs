//! Every route, in order, with who it is for. (What it answers stands at its handler.)

use crate::accounts::{me, session, sessions, sign_in_link, tokens};
use crate::boards::{self, cards, columns, notes};
use crate::catalog::{contacts, dependencies, group_contacts, links, states, views};
use crate::chat::{self, channels, marks};
use crate::connections::{self, templates};
use crate::fleet::{commands, devices, geofences, positions, stories};
use crate::incident;
use crate::jobs::{classes, letters, queue, schedules, stats};
use crate::layers::{admins_first, guard, headers, observe, position};
use crate::lifecycle;
use crate::live::{rows, socket};
use crate::maintenance::{self, acts, affected, bulk, calendar, forecast, series, updates};
use crate::notices::{deliveries, notifications, preferences, subscriptions};
use crate::nouns::{environment, group, person, system, team, workspace};
use crate::refusal::Refused;
use crate::reply::AsItIs;
use crate::state::State;
use crate::{
    activity, announcements, cache, calls, checks, describe, docs, edges, health, intentions, nodes, origin, page, probes,
    search, status, status_pages, telemetry,
};
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Extensions, HeaderMap, Method, StatusCode, Uri, Version};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use domain::Refusal;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const API: &str = "/api/v1";

/// The API's routes; their paths are relative to [`API`].
fn api() -> OpenApiRouter<State> {
    OpenApiRouter::default()
        .merge(graph())
        .merge(catalog())
        .merge(maintenances())
        .merge(incidents())
        .merge(messages())
        .merge(chat())
        .merge(boards())
        .merge(fleet())
        .merge(account())
        .merge(administration())
        .merge(live())
}

/// The graph itself, and its typed forms.
fn graph() -> OpenApiRouter<State> {
    OpenApiRouter::default()
        // Everybody, as far as they may see: the graph.
        .routes(routes!(nodes::list_nodes))
        .routes(routes!(nodes::get_node))
        .routes(routes!(edges::list_edges))
        .routes(routes!(activity::list_node_audit))
        .routes(routes!(activity::list_activity))
        .routes(routes!(search::search))
        // Whoever is signed in: talking about it.
        .routes(routes!(calls::join))
        // Whoever may change it: one way for all changes …
        .routes(routes!(intentions::carry_out))
        // … and typed forms of the same.
        .routes(routes!(workspace::list, workspace::create))
        .routes(routes!(workspace::get, workspace::update, workspace::delete))
        .routes(routes!(group::list, group::create))
        .routes(routes!(group::order))
        .routes(routes!(group::get, group::update, group::delete))
        .routes(routes!(team::list, team::create))
        .routes(routes!(team::get, team::update, team::delete))
        .routes(routes!(person::list, person::create))
        .routes(routes!(person::get, person::update, person::delete))
        .routes(routes!(system::list, system::create))
        .routes(routes!(system::get, system::update, system::delete))
        .routes(routes!(environment::list, environment::create))
        .routes(routes!(environment::get, environment::update, environment::delete))
}

/// What systems have around them.
fn catalog() -> OpenApiRouter<State> {
    OpenApiRouter::default()
        // Everybody, as far as they may see: the catalog around systems; members keep it.
        .routes(routes!(states::list))
        .routes(routes!(links::get, links::set))
        .routes(routes!(contacts::list, contacts::add))
        .routes(routes!(contacts::remove))
        .routes(routes!(group_contacts::list, group_contacts::add))
        .routes(routes!(group_contacts::remove))
        .routes(routes!(contacts::get, contacts::change_mailbox, contacts::delete_mailbox))
        .routes(routes!(dependencies::list, dependencies::create))
        .routes(routes!(dependencies::update, dependencies::delete))
        .routes(routes!(views::list, views::create))
        .routes(routes!(views::get, views::update, views::delete))
        .routes(routes!(views::systems))
        // Checks of systems.
        .routes(routes!(checks::list_latency))
        .routes(routes!(checks::list_check_runs))
        .routes(routes!(checks::check_now))
}

/// What is planned.
fn maintenances() -> OpenApiRouter<State> {
    OpenApiRouter::default()
        // Everybody, as far as they may see: maintenances; members plan them.
        .routes(routes!(maintenance::list, maintenance::plan))
        .routes(routes!(affected::list))
        .routes(routes!(bulk::by_systems))
        .routes(routes!(bulk::close))
        .routes(routes!(calendar::get))
        .routes(routes!(series::list, series::create))
        .routes(routes!(series::preview))
        .routes(routes!(series::get, series::update, series::end))
        .routes(routes!(forecast::of_plan))
        .routes(routes!(maintenance::get, maintenance::update, maintenance::delete))
        .routes(routes!(updates::list, updates::add))
        .routes(routes!(updates::edit))
        .routes(routes!(updates::edits))
        .routes(routes!(acts::extend))
        .routes(routes!(acts::cancel))
        .routes(routes!(acts::start))
        .routes(routes!(acts::close))
        .routes(routes!(forecast::get))
        .routes(routes!(forecast::rehearse))
}

/// What went wrong.
fn incidents() -> OpenApiRouter<State> {
    OpenApiRouter::default()
        // Everybody, as far as they may see: incidents; members open and resolve them.
        .routes(routes!(incident::list, incident::open))
        .routes(routes!(incident::by_systems::list))
        .routes(routes!(incident::get, incident::update, incident::delete))
        .routes(routes!(incident::updates::list, incident::updates::add))
        .routes(routes!(incident::updates::edit))
        .routes(routes!(incident::updates::edits))
        .routes(routes!(incident::acts::acknowledge))
        .routes(routes!(incident::acts::resolve))
}

/// What moves, and where it is.
fn fleet() -> OpenApiRouter<State> {
    OpenApiRouter::default()
        // Everybody, as far as they may see: devices and geofences; members make them, and have devices do something.
        .routes(routes!(devices::list, devices::create))
        .routes(routes!(devices::get, devices::update, devices::delete))
        .routes(routes!(positions::latest))
        .routes(routes!(positions::state))
        .routes(routes!(positions::list))
        .routes(routes!(positions::mark))
        .routes(routes!(stories::timing_records))
        .routes(routes!(stories::trips))
        .routes(routes!(stories::stops))
        .routes(routes!(stories::retell))
        .routes(routes!(commands::list, commands::send))
        .routes(routes!(geofences::list, geofences::create))
        .routes(routes!(geofences::get, geofences::update, geofences::delete))
}

/// What people say to each other.
fn chat() -> OpenApiRouter<State> {
    OpenApiRouter::default()
        // Everybody, as far as they may see: channels and what is said there; members talk.
        .routes(routes!(channels::list, channels::create))
        .routes(routes!(marks::list))
        .routes(routes!(channels::get, channels::update, channels::delete))
        .routes(routes!(chat::messages::list, chat::messages::send))
        .routes(routes!(chat::messages::pins))
        .routes(routes!(marks::set))
        .routes(routes!(chat::messages::get, chat::acts::edit, chat::acts::delete))
        .routes(routes!(chat::messages::edits))
        .routes(routes!(chat::acts::react))
        .routes(routes!(chat::acts::pin))
        .routes(routes!(chat::acts::promote))
        .routes(routes!(chat::files::list, chat::files::upload))
        .routes(routes!(chat::files::get))
}

/// What is to be done, and what is written down.
fn boards() -> OpenApiRouter<State> {
    OpenApiRouter::default()
        // Everybody, as far as they may see: boards and notes; members keep them.
        .routes(routes!(boards::list, boards::create))
        .routes(routes!(boards::get, boards::update, boards::delete))
        .routes(routes!(columns::create))
        .routes(routes!(columns::update, columns::delete))
        .routes(routes!(columns::relocate))
        .routes(routes!(cards::create))
        .routes(routes!(cards::get, cards::update, cards::delete))
        .routes(routes!(cards::relocate))
        .routes(routes!(notes::list, notes::create))
        .routes(routes!(notes::get, notes::update, notes::delete))
        .routes(routes!(notes::versions))
}

/// What people are told, and how it reaches them.
fn messages() -> OpenApiRouter<State> {
    OpenApiRouter::default()
        // Everybody, as far as they may see: announcements; administrators make them.
        .routes(routes!(announcements::list, announcements::create))
        .routes(routes!(announcements::order))
        .routes(routes!(announcements::get, announcements::update, announcements::delete))
        .routes(routes!(announcements::dismiss))
        // Those who make status pages. (Their readers are served outside the API.)
        .routes(routes!(status_pages::list, status_pages::create))
        .routes(routes!(status_pages::get, status_pages::update, status_pages::delete))
        .routes(routes!(status_pages::list_entries, status_pages::set_entries))
        .routes(routes!(status_pages::followers::list))
        .routes(routes!(status_pages::followers::delete))
        // Whoever is signed in: what they are told, and of what.
        .routes(routes!(notifications::list))
        .routes(routes!(notifications::count_unread))
        .routes(routes!(notifications::mark_read))
        .routes(routes!(notifications::delete))
        .routes(routes!(subscriptions::list, subscriptions::create))
        .routes(routes!(subscriptions::update, subscriptions::delete))
        .routes(routes!(preferences::get, preferences::set))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::get))
        .routes(routes!(deliveries::retry))
        // Members use connections, administrators of where they are make them.
        .routes(routes!(connections::list, connections::create))
        .routes(routes!(connections::get, connections::update, connections::delete))
        .routes(routes!(templates::list, templates::set))
        .routes(routes!(templates::preview))
        .routes(routes!(connections::test))
}

/// Who one is, and how far Synops is.
fn account() -> OpenApiRouter<State> {
    OpenApiRouter::default()
        // Everybody: how far Synops itself is; whoever is signed in: what of theirs that meets.
        .routes(routes!(lifecycle::get_lifecycle))
        .routes(routes!(lifecycle::mine::get_mine))
        // Everybody: signing in and out.
        .routes(routes!(session::sign_in, session::sign_out))
        .routes(routes!(session::sign_in_by_link))
        // Whoever is signed in: one's own account.
        .routes(routes!(me::get_me, me::update_me))
        .routes(routes!(me::set_password))
        .routes(routes!(tokens::list_tokens, tokens::create_token))
        .routes(routes!(tokens::revoke_token))
        .routes(routes!(calendar::create_token, calendar::revoke_token))
        .routes(routes!(sessions::list_sessions))
        .routes(routes!(sessions::end_session))
}

/// For administrators.
fn administration() -> OpenApiRouter<State> {
    OpenApiRouter::default()
        // Administrators of the instance.
        .routes(routes!(sign_in_link::create_sign_in_link))
        .routes(routes!(health::get_health))
        .routes(routes!(cache::get_cache))
        .routes(routes!(telemetry::get_telemetry_status))
        .routes(routes!(lifecycle::status::get_maintenance_status))
        .routes(routes!(queue::list_jobs, queue::enqueue_job))
        .routes(routes!(queue::list_past_jobs))
        .routes(routes!(queue::get_job))
        .routes(routes!(queue::cancel_job))
        .routes(routes!(queue::retry_job))
        .routes(routes!(classes::list_job_classes))
        .routes(routes!(classes::pause_jobs))
        .routes(routes!(classes::resume_jobs))
        .routes(routes!(schedules::list_job_schedules, schedules::create_job_schedule))
        .routes(routes!(schedules::update_job_schedule, schedules::delete_job_schedule))
        .routes(routes!(stats::get_job_stats))
        .routes(routes!(letters::list_dead_letters))
        .routes(routes!(letters::get_dead_letter, letters::update_dead_letter))
        .routes(routes!(letters::replay_dead_letters))
        .routes(routes!(letters::discard_dead_letters))
}

/// What happens, as it happens.
fn live() -> OpenApiRouter<State> {
    OpenApiRouter::default()
        // Everybody: what is committed, as it is committed; and the same for those who must poll.
        .routes(routes!(rows::list))
        .route("/live", get(socket::live))
}

/// The whole server's routes.
pub fn router(state: State) -> Router {
    let (api, description) = described().split_for_parts();
    let description = describe::finish(description);
    let (json, html) = (Bytes::from(to_json(&description)), docs::page(&description));

    let api = api
        // Whoever writes a client.
        .route("/api/v1/openapi.json", get(async move || ([(CONTENT_TYPE, "application/json")], json)))
        .route("/docs", get(async move || Html(html)))
        .layer(from_fn_with_state(state.clone(), position::position))
        .layer(from_fn_with_state(state.clone(), admins_first::admins_first))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(worth_compressing()))
        .layer(from_fn_with_state(state.clone(), origin::guard));

    Router::new()
        .merge(api)
        // Readers of status pages, signed in or not.
        .merge(status_pages_of_readers())
        // Browsers: the page, and whatever it routes itself.
        .fallback(everything_else)
        .layer(from_fn_with_state(state.clone(), guard::guard))
        // Whoever watches the server: never refused for being too busy.
        .route("/healthz", get(probes::healthz))
        .route("/readyz", get(probes::readyz))
        .route("/metrics", get(probes::metrics))
        .method_not_allowed_fallback(async || Refused::MethodNotAllowed)
        .layer(from_fn_with_state(state.clone(), headers::secure))
        .layer(from_fn(observe::observe))
        .with_state(state)
}

/// What is worth it as a rule, but for what is to go out as it is.
fn worth_compressing() -> impl Predicate + Send + Sync + 'static {
    let may_differ = |_: StatusCode, _: Version, _: &HeaderMap, more: &Extensions| more.get::<AsItIs>().is_none();
    DefaultPredicate::new().and(may_differ)
}

/// Outside the API, because people go there: no route of it needs a script.
fn status_pages_of_readers() -> Router<State> {
    Router::new()
        .route("/status/assets/status.js", get(status::assets::script))
        .route("/status/assets/status.css", get(status::assets::style))
        .route("/status/{name}", get(status::page))
        .route("/status/{slug}/subscribe", post(status::subscribe::subscribe))
        .route("/status/{slug}/confirm", get(status::subscribe::ask_to_confirm).post(status::subscribe::confirm))
        .route("/status/{slug}/unsubscribe", get(status::subscribe::ask_to_unsubscribe).post(status::subscribe::unsubscribe))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
}

/// The OpenAPI description of the API.
pub fn openapi() -> OpenApi {
    describe::finish(described().into_openapi())
}

/// The description as it is served and committed: indented, with a line's end behind it.
pub fn openapi_json() -> String {
    to_json(&openapi())
}

fn described() -> OpenApiRouter<State> {
    OpenApiRouter::with_openapi(describe::frame()).nest(API, api())
}

fn to_json(description: &OpenApi) -> String {
    // Strings and maps with string keys: there is nothing that could fail.
    description.to_pretty_json().unwrap_or_default() + "\n"
}

async fn everything_else(state: State, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if uri.path() == "/api" || uri.path().starts_with("/api/") {
        return Refused::from(Refusal::NotFound { what: "route" }).into_response();
    }
    page::serve(&state.page, &method, &uri, &headers)
}
