//! The description in docs/ is what the code makes.

use std::path::Path;

#[test]
fn the_committed_description_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let made = gateway::openapi_json();
    #[expect(clippy::disallowed_methods, reason = "asks whether to renew the file instead")]
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == made, "docs/openapi.json is not what the code makes: run ./dev gen and commit it");
}

#[test]
fn every_operation_says_what_it_does_and_how_it_refuses() {
    let api = serde_json::to_value(gateway::openapi()).unwrap();
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            let text = |name: &str| operation[name].as_str().unwrap_or_default().to_owned();
            assert!(!text("summary").is_empty(), "{at}");
            assert!(ids.insert(text("operationId")), "{at}: {} twice", text("operationId"));
            let tag = &operation["tags"][0];
            assert!(api["tags"].as_array().unwrap().iter().any(|known| known["name"] == *tag), "{at}: {tag}");
            for status in ["400", "401", "500", "503"] {
                let problem = &operation["responses"][status]["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(problem, "#/components/schemas/Problem", "{at} {status}");
            }
            if method != "get" {
                assert!(operation["responses"]["403"].is_object(), "{at}");
            }
            if operation["parameters"].as_array().is_some_and(|all| all.iter().any(|p| p["name"] == "If-Match")) {
                assert!(operation["responses"]["412"].is_object() && operation["responses"]["428"].is_object(), "{at}");
            }
        }
    }
}

#[test]
fn closed_lists_are_described_as_they_are_sent() {
    let api = serde_json::to_value(gateway::openapi()).unwrap();
    for kind in domain::NodeKind::ALL {
        let described = api["components"]["schemas"]["NodeKind"]["enum"].as_array().unwrap();
        assert!(described.contains(&serde_json::to_value(kind).unwrap()), "{kind}: {described:?}");
    }
}
