//! What may not be anywhere below a crate, however far.

use std::collections::BTreeSet;

use super::Finding;
use crate::repo;

/// (crate of ours, or all, what is not to be found below it, why).
const ABSENT: &[(Option<&str>, &[&str], &str)] = &[
    (Some("domain"), &["axum", "hyper", "redis", "reqwest", "sqlx", "sqlx-core", "tokio"], "the domain has no IO"),
    (Some("store"), &["axum", "hyper", "reqwest", "tower-http"], "the store knows SQL and nothing else"),
    (Some("engine"), &["axum"], "only the gateway knows HTTP"),
    (
        None,
        &["aws-lc-rs", "aws-lc-sys", "native-tls", "openssl", "openssl-sys"],
        "one TLS provider: rustls with ring; see `cargo tree --invert` for who brings it",
    ),
];

pub(super) fn check_repository() -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (root, absent, why) in ABSENT {
        let place = match root {
            Some(name) => format!("crates/{name}/Cargo.toml"),
            None => "Cargo.toml".to_owned(),
        };
        for name in present(&tree(*root)?, absent) {
            findings.push(Finding::new(&place, 0, format!("`{name}` is in its dependency tree: {why}")));
        }
    }
    Ok(findings)
}

/// One package a line, `name vX.Y.Z`, as `cargo tree --prefix none` prints them.
fn tree(root: Option<&str>) -> anyhow::Result<String> {
    let mut command = std::process::Command::new("cargo");
    command.args(["tree", "--prefix", "none", "--edges", "normal,build"]).current_dir(repo::root());
    match root {
        Some(name) => command.args(["--package", name]),
        None => command.args(["--workspace", "--target", "all"]),
    };
    let output = command.output()?;
    anyhow::ensure!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8(output.stdout)?)
}

fn present<'a>(tree: &str, absent: &[&'a str]) -> Vec<&'a str> {
    let names: BTreeSet<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    absent.iter().copied().filter(|name| names.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_present_is_found_by_its_whole_name() {
        let tree = "domain v0.1.0 (path)\nserde v1.0.0\ntokio-util v0.7.0\nsqlx v0.9.0\n\nserde v1.0.0 (*)\n";
        assert_eq!(present(tree, &["tokio", "sqlx"]), ["sqlx"]);
        assert_eq!(present(tree, &["tokio"]), Vec::<&str>::new());
    }
}
