//! The OpenAPI description: what all operations have in common is added here, once.

use crate::wire::problem::Problem;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Response, ResponseBuilder,
};
use utoipa::openapi::{SecurityRequirement, tag::TagBuilder};
use utoipa::{PartialSchema, ToSchema};

const TAGS: &[(&str, &str)] = &[
    ("graph", "Nodes, edges, and what happens to them."),
    ("workspaces", "What belongs together, with its own people."),
    ("groups", "Order within a workspace."),
    ("systems", "What is run for others, and how it is checked."),
    ("environments", "Where systems run."),
    ("views", "Saved selections of systems."),
    ("contacts", "Who is asked about what."),
    ("dependencies", "What depends on what, and how hard a failure hits."),
    ("incidents", "What went wrong, and what people are told about it."),
    ("maintenances", "Planned windows in which something is taken down."),
    ("fleet", "Devices that send where they are."),
    ("chat", "Channels, and what people say in them."),
    ("boards", "Columns of cards: what is to be done, and how far it is."),
    ("notes", "Texts whose versions are kept."),
    ("announcements", "What everybody should know, for a time."),
    ("notifications", "What I was told, of what I want to be told, and how it went out."),
    ("connections", "How messages leave Synops."),
    ("status pages", "What others see of some systems."),
    ("teams", "People who are granted things together."),
    ("people", "Everybody who has an account."),
    ("account", "One's own account: signing in, password, tokens."),
    ("lifecycle", "How far Synops itself is: what is planned, and what of mine it meets."),
    ("live", "What the live socket shows, for clients that poll."),
    ("admin", "For administrators of the instance."),
];

/// The frame that routes are collected into.
pub(crate) fn frame() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Synops")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("What holds for all routes, and the live socket: docs/API.md."))
        .license(Some(LicenseBuilder::new().name("Apache-2.0 OR MIT").build()))
        .build();
    let tags = TAGS.iter().map(|(name, text)| TagBuilder::new().name(*name).description(Some(*text)).build());
    OpenApiBuilder::new().info(info).tags(Some(tags)).build()
}

/// Adds who may call, and how every operation may refuse.
pub(crate) fn finish(mut api: OpenApi) -> OpenApi {
    let components = api.components.get_or_insert_default();
    let mut schemas = Vec::new();
    Problem::schemas(&mut schemas);
    components.schemas.extend(schemas);
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("synops_session")));
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    components.add_security_scheme("session", cookie);
    components.add_security_scheme("token", bearer);
    // The empty one: anonymous callers see what is public.
    let each_way = [SecurityRequirement::default(), requirement("session"), requirement("token")];
    api.security = Some(each_way.into());
    for item in api.paths.paths.values_mut() {
        add_problems(item);
    }
    api
}

fn requirement(scheme: &str) -> SecurityRequirement {
    SecurityRequirement::new(scheme, Vec::<String>::new())
}

fn add_problems(item: &mut PathItem) {
    let reads = item.get.iter_mut().map(|operation| (operation, false));
    let writes = [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
    let writes = writes.into_iter().flatten().map(|operation| (operation, true));
    for (operation, writes) in reads.chain(writes) {
        for (status, what) in problems_of(operation, writes) {
            operation.responses.responses.entry(status.to_owned()).or_insert_with(|| problem(what).into());
        }
    }
}

fn problems_of(operation: &Operation, writes: bool) -> Vec<(&'static str, &'static str)> {
    let parameters = operation.parameters.as_deref().unwrap_or_default();
    // Ours are all written out at their operation.
    let parameters = || parameters.iter().filter_map(|p| if let RefOr::T(p) = p { Some(p) } else { None });
    let takes = |name: &str| parameters().any(|p| p.name == name);
    let mut all = vec![
        ("400", "Not valid: `field` says what"),
        ("401", "Not signed in, or the credentials don't hold"),
        ("429", "Too many; see `Retry-After`"),
        ("500", "A fault of ours"),
        ("503", "Not available now; see `Retry-After`"),
    ];
    // What is named in the query may have to be there, too.
    let names = takes("system_id") || takes("team_id");
    if writes || names || parameters().any(|p| p.parameter_in == ParameterIn::Path) {
        all.push(("404", "Not there, or not to be seen"));
    }
    if writes || operation.tags.as_ref().is_some_and(|tags| tags.iter().any(|t| t == "admin")) {
        all.push(("403", "To be seen, but not to be done"));
    }
    if writes {
        all.extend([("409", "Contradicts what is there"), ("413", "Too large")]);
    }
    if takes("If-Match") {
        all.extend([("412", "Changed meanwhile: `current_version`"), ("428", "If-Match is missing")]);
    }
    if takes("Idempotency-Key") {
        all.push(("422", "This Idempotency-Key was used with another request"));
    }
    all
}

fn problem(description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}
