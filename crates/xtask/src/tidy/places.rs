//! Nothing of one machine is committed, and no file has a name that says nothing.

use super::Finding;
use super::source::Source;

/// Paths and hosts that exist on somebody's machine only.
const MACHINE: &[&str] = &["/root/", "/work/", "/home/", "/Users/", "artifactory"];
/// Names that could hold anything, and in time do.
const VAGUE: &[&str] = &["util", "utils", "common", "helper", "helpers", "manager", "misc", "shared"];
const NPM: &str = "https://registry.npmjs.org/";
const CRATES: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) fn check_names(paths: &[String]) -> Vec<Finding> {
    paths
        .iter()
        .filter(|path| path.starts_with("crates/") || path.starts_with("web/src/") || path.starts_with("e2e/"))
        .filter_map(|path| {
            let vague = path.split('/').find_map(|part| {
                let stem = part.split('.').next().unwrap_or(part);
                VAGUE.iter().find(|vague| stem == **vague)
            })?;
            Some(Finding::new(path, 0, format!("`{vague}` says nothing; name it after what it holds")))
        })
        .collect()
}

pub(super) fn check_text(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        if let Some(what) = foreign(source, line) {
            findings.push(Finding::new(&source.path, index + 1, what));
        }
    }
    findings
}

fn foreign(source: &Source, line: &str) -> Option<String> {
    // The list above names them.
    if source.path == "crates/xtask/src/tidy/places.rs" {
        return None;
    }
    let value = |prefix| line.trim_start().strip_prefix(prefix).map(|rest: &str| rest.trim_matches([' ', ',', '"']));
    if source.path.ends_with("package-lock.json") {
        let url = value("\"resolved\":")?;
        return (!url.starts_with(NPM)).then(|| format!("`{url}`: not the public registry, {NPM}"));
    }
    if source.path == "Cargo.lock" {
        let origin = value("source =")?;
        return (origin != CRATES).then(|| format!("`{origin}`: not the public registry"));
    }
    if source.path.ends_with(".npmrc") {
        let key = line.split('=').next().unwrap_or_default().trim();
        let sets = key == "registry" || key.ends_with(":registry");
        return sets.then(|| "no registry is set in the repository; that belongs to a machine's own settings".to_owned());
    }
    let found = MACHINE.iter().find(|word| begins_path(line, word))?;
    Some(format!("`{found}`: a path or host of one machine; make it relative, or a setting"))
}

/// Where a package manager puts things on every machine.
const EVERYWHERE: &str = "/home/linuxbrew/";

/// Whether `word` stands in `line` and is not the middle of a longer path.
fn begins_path(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !line[at..].starts_with(EVERYWHERE)
            && !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '}' | ')' | '$' | ']' | '*'))
    })
}

#[cfg(test)]
mod tests {
    use super::super::patterns::lines_found;
    use super::*;

    #[test]
    fn what_belongs_to_one_machine_is_found() {
        fn check(path: &str, text: &str, expect: &[usize]) {
            assert_eq!(lines_found(check_text, path, text), expect, "{path}: {text}");
        }
        check("README.md", "a\ncd /home/kari/synops", &[2]);
        check("deploy/compose.yaml", "- /root/.cache:/x", &[1]);
        check("web/src/a.ts", "import a from '../root/a'", &[]);
        check("web/src/a.ts", "`${base}/work/items`", &[]);
        check("web/package-lock.json", "\"resolved\": \"https://registry.npmjs.org/a/-/a-1.tgz\",", &[]);
        check("web/package-lock.json", "\"resolved\": \"https://npm.example.org/a/-/a-1.tgz\",", &[1]);
        check("Cargo.lock", "source = \"registry+https://github.com/rust-lang/crates.io-index\"", &[]);
        check("Cargo.lock", "source = \"git+https://github.com/a/b\"", &[1]);
        check("web/.npmrc", "save-exact=true\nregistry=https://npm.example.org", &[2]);
        check("web/.npmrc", "omit-lockfile-registry-resolved=true", &[]);
        check("crates/a/src/b.rs", "\"/home/linuxbrew/.linuxbrew/opt\"", &[]);
    }

    #[test]
    fn vague_names_are_found() {
        let paths = ["crates/feed/src/utils.rs", "crates/feed/src/tail.rs", "web/src/lib/helpers/time.ts", "docs/common.md"]
            .map(str::to_owned);
        let found: Vec<String> = check_names(&paths).into_iter().map(|finding| finding.path).collect();
        assert_eq!(found, ["crates/feed/src/utils.rs", "web/src/lib/helpers/time.ts"]);
    }
}
