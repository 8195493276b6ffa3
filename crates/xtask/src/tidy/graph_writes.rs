//! Nodes, edges and what hangs on them are written through `intentions` alone.

use super::Finding;
use super::patterns::has_word;
use super::source::Source;

/// Files of the store where every function is over the graph.
const GRAPH: &[&str] = &["crates/store/src/edge.rs", "crates/store/src/node.rs", "crates/store/src/scope.rs"];
/// Nouns with a facet table. Their files may hold other things beside it, such as passwords.
const FACETS: &[&str] =
    &["announcement", "connection", "incident", "mailbox", "maintenance", "person", "status_page", "system", "view"];
const WRITES: &[&str] = &["insert_", "move_", "update_", "upsert_", "delete_"];
/// Who may call them: their own crate, and the one way in.
const CALLERS: &[&str] = &["crates/store/", "crates/intentions/"];

pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let writers: Vec<String> = sources.iter().flat_map(writers).collect();
    let mut findings = Vec::new();
    for source in sources.iter().filter(|source| source.is_rust() && !source.is_below(CALLERS)) {
        for (index, line) in source.code.lines().enumerate() {
            if source.is_test_line(index + 1) {
                continue;
            }
            if let Some(name) = writers.iter().find(|name| has_word(line, &format!("{name}("))) {
                let what = format!("`{name}`: the graph is written through an intention, which checks and records it");
                findings.push(Finding::new(&source.path, index + 1, what));
            }
        }
    }
    findings
}

/// The names of the public functions that write the graph.
fn writers(source: &Source) -> Vec<String> {
    if !source.is_below(&["crates/store/src/"]) {
        return Vec::new();
    }
    let all = GRAPH.contains(&source.path.as_str());
    source
        .code
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("pub async fn "))
        .filter_map(|rest| rest.split(['(', '<']).next())
        .filter(|name| {
            let object = WRITES.iter().find_map(|verb| name.strip_prefix(verb));
            object.is_some_and(|object| all || FACETS.contains(&object))
        })
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_intentions_write_the_graph() {
        fn run(path: &str, text: &str, expect: usize) {
            let store = "pub async fn insert_node(db: D) {}\npub async fn find_node<'a>(db: D) {}\nasync fn update_own(db: D) {}";
            let facet = "pub async fn update_person(db: D) {}\npub async fn delete_password(db: D) {}";
            let sources = [
                Source::new("crates/store/src/node.rs", store),
                Source::new("crates/store/src/person.rs", facet),
                Source::new(path, text),
            ];
            assert_eq!(check(&sources).len(), expect, "{path}: {text}");
        }
        run("crates/gateway/src/a.rs", "store::node::insert_node(db).await", 1);
        run("crates/gateway/src/a.rs", "store::node::find_node(db).await", 0);
        run("crates/gateway/src/a.rs", "reinsert_node(db); update_own(db)", 0);
        run("crates/synops/src/a.rs", "person::update_person(db)", 1);
        run("crates/synops/src/a.rs", "person::delete_password(db)", 0);
        run("crates/intentions/src/a.rs", "node::insert_node(db).await", 0);
        run("crates/synops/tests/it/a.rs", "store::node::insert_node(db).await", 0);
    }
}
