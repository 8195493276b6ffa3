//! Which crate may know which: the floors of docs/ARCHITECTURE.md as a table.

use anyhow::Context as _;
use serde_json::Value;

use super::Finding;
use crate::repo;

/// A crate of ours, and the crates of ours that it may depend on.
const FLOORS: &[(&str, &[&str])] = &[
    // Floor 1.
    ("domain", &[]),
    // Helpers that know nothing of the product.
    ("cache", &[]),
    ("content", &[]),
    ("drain", &[]),
    ("keyring", &[]),
    ("managed-postgres", &[]),
    // Floor 2.
    ("store", &["domain"]),
    // Floor 3: the one way in and the one way out don't know each other.
    ("intentions", &["domain", "store", "cache", "content", "drain", "keyring"]),
    ("feed", &["domain", "store", "cache", "drain"]),
    // Floor 4: these two meet in the database and in traits of `domain`.
    ("engine", &["domain", "store", "intentions", "feed", "cache", "content", "drain", "keyring"]),
    ("gateway", &["domain", "store", "intentions", "feed", "cache", "content", "drain"]),
    // The binary wires them all.
    (
        "synops",
        &[
            "domain",
            "store",
            "intentions",
            "feed",
            "engine",
            "gateway",
            "cache",
            "content",
            "drain",
            "keyring",
            "managed-postgres",
        ],
    ),
    // For developers alone.
    (
        "testkit",
        &[
            "domain",
            "store",
            "intentions",
            "feed",
            "engine",
            "gateway",
            "cache",
            "content",
            "drain",
            "keyring",
            "managed-postgres",
            "synops",
        ],
    ),
    (
        "bench",
        &[
            "domain",
            "store",
            "intentions",
            "feed",
            "engine",
            "gateway",
            "cache",
            "content",
            "drain",
            "keyring",
            "managed-postgres",
            "testkit",
        ],
    ),
    ("xtask", &["managed-postgres", "store"]),
];

/// Crates of others that belong to some of ours alone: (crate, ours, why).
const OWNED: &[(&str, &[&str], &str)] = &[
    ("axum", GATEWAY, "only the gateway knows HTTP"),
    ("axum-extra", GATEWAY, "only the gateway knows HTTP"),
    ("tower-http", GATEWAY, "only the gateway knows HTTP"),
    // Intentions are the API's own vocabulary: their schema is derived where they are defined.
    (
        "utoipa",
        &["domain", "gateway", "testkit", "bench"],
        "wire types are in the gateway alone; the domain's type and the wire's view are two",
    ),
    ("utoipa-axum", GATEWAY, "wire types are in the gateway alone"),
    ("rust-embed", GATEWAY, "the gateway serves the page"),
    ("clap", &["synops", "xtask", "bench"], "only programs have arguments"),
    ("anyhow", &["synops", "xtask", "bench", "testkit"], "errors have types below the edge: thiserror"),
];
const GATEWAY: &[&str] = &["gateway", "testkit", "bench"];
/// May be depended on by tests alone.
const FOR_TESTS: &[&str] = &["testkit"];

/// One arrow of the dependency graph.
struct Arrow {
    from: String,
    to: String,
    for_tests: bool,
}

pub(super) fn check_repository() -> anyhow::Result<Vec<Finding>> {
    let output = std::process::Command::new("cargo")
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(repo::root())
        .output()?;
    anyhow::ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
    let (crates, arrows) = read(&serde_json::from_slice(&output.stdout)?).context("cargo metadata")?;
    Ok(check(&crates, &arrows))
}

fn read(metadata: &Value) -> Option<(Vec<String>, Vec<Arrow>)> {
    let mut crates = Vec::new();
    let mut arrows = Vec::new();
    for package in metadata["packages"].as_array()? {
        let from = package["name"].as_str()?;
        crates.push(from.to_owned());
        for dependency in package["dependencies"].as_array()? {
            arrows.push(Arrow {
                from: from.to_owned(),
                to: dependency["name"].as_str()?.to_owned(),
                for_tests: dependency["kind"].as_str() == Some("dev"),
            });
        }
    }
    Some((crates, arrows))
}

fn check(crates: &[String], arrows: &[Arrow]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in crates.iter().filter(|name| allowed(name).is_none()) {
        let what = "a new crate: give it its floor in xtask's tidy/crates.rs and in docs/ARCHITECTURE.md";
        findings.push(Finding::new(&manifest(name), 0, what));
    }
    for arrow in arrows {
        if let Some(what) = refusal(arrow) {
            findings.push(Finding::new(&manifest(&arrow.from), 0, what));
        }
    }
    findings
}

fn refusal(arrow: &Arrow) -> Option<String> {
    let Arrow { from, to, for_tests } = arrow;
    if FOR_TESTS.contains(&to.as_str()) {
        let fine = *for_tests || from == "bench";
        return (!fine).then(|| format!("`{to}` is for [dev-dependencies] alone"));
    }
    // Tests may look from above: they wire what the product keeps apart.
    if *for_tests {
        return None;
    }
    if let Some((_, owners, why)) = OWNED.iter().find(|(name, ..)| name == to) {
        let fine = owners.contains(&from.as_str());
        return (!fine).then(|| format!("`{to}` belongs to {} alone: {why}", owners[0]));
    }
    let ours = allowed(to).is_some();
    let fine = !ours || allowed(from).is_none_or(|allowed| allowed.contains(&to.as_str()));
    (!fine).then(|| format!("`{from}` may not depend on `{to}`: arrows point down only (docs/ARCHITECTURE.md)"))
}

fn allowed(name: &str) -> Option<&'static [&'static str]> {
    FLOORS.iter().find(|(known, _)| *known == name).map(|(_, allowed)| *allowed)
}

fn manifest(name: &str) -> String {
    format!("crates/{name}/Cargo.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(from: &str, to: &str, for_tests: bool) -> bool {
        let arrow = Arrow { from: from.to_owned(), to: to.to_owned(), for_tests };
        refusal(&arrow).is_some()
    }

    #[test]
    fn arrows_point_down_only() {
        assert!(!refused("gateway", "intentions", false));
        assert!(refused("gateway", "engine", false));
        assert!(refused("engine", "gateway", false));
        assert!(refused("store", "feed", false));
        assert!(refused("domain", "store", false));
        assert!(refused("intentions", "feed", false));
        assert!(refused("xtask", "gateway", false));
        assert!(!refused("synops", "engine", false));
    }

    #[test]
    fn some_crates_have_owners() {
        assert!(refused("engine", "axum", false));
        assert!(!refused("gateway", "axum", false));
        assert!(!refused("engine", "axum", true));
        assert!(refused("store", "utoipa", false));
        assert!(refused("store", "anyhow", false));
        assert!(!refused("store", "sqlx", false));
    }

    #[test]
    fn the_testkit_is_for_tests() {
        assert!(refused("gateway", "testkit", false));
        assert!(!refused("gateway", "testkit", true));
        assert!(!refused("bench", "testkit", false));
    }

    #[test]
    fn each_crate_has_a_floor() {
        assert_eq!(check(&["domain".to_owned()], &[]), []);
        assert_eq!(check(&["novelty".to_owned()], &[]).len(), 1);
    }

    #[test]
    fn the_table_names_no_crate_above_its_own_floor() {
        for (name, allowed) in FLOORS {
            for below in *allowed {
                let place = |wanted: &str| FLOORS.iter().position(|(known, _)| *known == wanted);
                assert!(place(below).is_some(), "{below} has no floor");
                if !matches!(*name, "testkit" | "bench" | "xtask") {
                    assert!(place(below) < place(name), "{name} over {below}");
                }
            }
        }
    }
}
