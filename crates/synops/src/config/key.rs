//! The names of all settings: in the file, in the environment, and which is nearest to a wrong one.

/// What a setting holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// A text that is never shown, and can be read from a file.
    Secret,
    Number,
    Switch,
    List,
    /// Names, each with a command: the program and its arguments. In the file alone.
    Commands,
}

/// One setting.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// As in the file, with its section: `log.level`.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

pub(super) const KEYS: &[Key] = &[
    Key { name: "listen", kind: Kind::Text },
    Key { name: "public_url", kind: Kind::Text },
    Key { name: "data_dir", kind: Kind::Text },
    Key { name: "database_url", kind: Kind::Secret },
    Key { name: "owner_url", kind: Kind::Secret },
    Key { name: "roles", kind: Kind::List },
    Key { name: "demo", kind: Kind::Switch },
    Key { name: "trust_proxy", kind: Kind::Switch },
    Key { name: "allowed_origins", kind: Kind::List },
    Key { name: "database.connections_max", kind: Kind::Number },
    Key { name: "cache.provider", kind: Kind::Text },
    Key { name: "cache.url", kind: Kind::Secret },
    Key { name: "postgres.binaries_dir", kind: Kind::Text },
    Key { name: "log.format", kind: Kind::Text },
    Key { name: "log.level", kind: Kind::Text },
    Key { name: "retention.feed_h", kind: Kind::Number },
    Key { name: "retention.check_runs_d", kind: Kind::Number },
    Key { name: "retention.audit_d", kind: Kind::Number },
    Key { name: "retention.job_history_d", kind: Kind::Number },
    Key { name: "retention.positions_d", kind: Kind::Number },
    Key { name: "files.dir", kind: Kind::Text },
    Key { name: "files.max_bytes", kind: Kind::Number },
    Key { name: "files.types", kind: Kind::List },
    Key { name: "telemetry.listen", kind: Kind::Text },
    Key { name: "telemetry.enrol", kind: Kind::Text },
    Key { name: "telemetry.enrol_in", kind: Kind::Text },
    Key { name: "telemetry.stream", kind: Kind::Secret },
    Key { name: "telemetry.stream_prefix", kind: Kind::Text },
    Key { name: "telemetry.shards", kind: Kind::Number },
    Key { name: "checks.allow_link_local", kind: Kind::Switch },
    Key { name: "checks.allow", kind: Kind::List },
    Key { name: "checks.postgres_sockets", kind: Kind::List },
    Key { name: "cookies.secure", kind: Kind::Text },
    Key { name: "drain.ready_pause_s", kind: Kind::Number },
    Key { name: "jobs.finish_s", kind: Kind::Number },
    Key { name: "tools", kind: Kind::Commands },
    Key { name: "webhooks.secret", kind: Kind::Secret },
    Key { name: "secrets.key", kind: Kind::Secret },
    Key { name: "secrets.old_keys", kind: Kind::Secret },
    Key { name: "notifications.reminders_min", kind: Kind::List },
    Key { name: "livekit.url", kind: Kind::Text },
    Key { name: "livekit.api_key", kind: Kind::Text },
    Key { name: "livekit.api_secret", kind: Kind::Secret },
];

/// The variable that names the configuration file.
pub(super) const CONFIG_VARIABLE: &str = "SYNOPS_CONFIG";
/// Variables that begin like this are for the tests of this very program.
const TEST_PREFIX: &str = "SYNOPS_TEST_";

impl Key {
    /// Its name in the environment.
    pub(super) fn variable(&self) -> String {
        match self.name {
            // Known to many programs by this name.
            "database_url" => "DATABASE_URL".to_owned(),
            // There is one stream.
            "telemetry.stream" => "SYNOPS_STREAM".to_owned(),
            name => format!("SYNOPS_{}", name.replace('.', "_").to_ascii_uppercase()),
        }
    }

    /// The variable that names a file with its value; for secrets.
    pub(super) fn file_variable(&self) -> Option<String> {
        (self.kind == Kind::Secret).then(|| format!("{}_FILE", self.variable()))
    }
}

pub(super) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The known setting whose name is most like `name`; with its section or without.
pub(super) fn nearest(name: &str) -> &'static str {
    // Two sections may have one of the same name: then the one that is more like it as a whole.
    let likeness = |key: &&Key| {
        let last = key.name.rsplit('.').next().unwrap_or(key.name);
        let whole = strsim::normalized_damerau_levenshtein(name, key.name);
        (whole.max(strsim::normalized_damerau_levenshtein(name, last)), whole)
    };
    let order = |a: (f64, f64), b: (f64, f64)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1));
    KEYS.iter().max_by(|a, b| order(likeness(a), likeness(b))).map_or("listen", |key| key.name)
}

/// Whether a variable of the environment is none of ours, or one that is known.
pub(super) fn variable_is_fine(name: &str) -> bool {
    !name.starts_with("SYNOPS_") || name.starts_with(TEST_PREFIX) || variables().iter().any(|known| known == name)
}

/// The known variable whose name is most like `name`.
pub(super) fn nearest_variable(name: &str) -> String {
    // One that is known without our prefix may well be written with it.
    let bare = name.strip_prefix("SYNOPS_").unwrap_or(name);
    let likeness = |known: &String| {
        strsim::normalized_damerau_levenshtein(name, known).max(strsim::normalized_damerau_levenshtein(bare, known))
    };
    variables().into_iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b))).unwrap_or_default()
}

fn variables() -> Vec<String> {
    let keys = KEYS.iter().flat_map(|key| [Some(key.variable()), key.file_variable()]).flatten();
    keys.chain([CONFIG_VARIABLE.to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_the_one_that_was_meant() {
        let check = |wrong, meant| assert_eq!(nearest(wrong), meant, "{wrong}");
        check("lsten", "listen");
        check("datadir", "data_dir");
        check("lgo.level", "log.level");
        check("level", "log.level");
        check("check.alow", "checks.allow");
        let check = |wrong, meant| assert_eq!(nearest_variable(wrong), meant, "{wrong}");
        check("SYNOPS_LISTN", "SYNOPS_LISTEN");
        check("SYNOPS_DATABASE_URL", "DATABASE_URL");
        check("SYNOPS_OWNERURL_FILE", "SYNOPS_OWNER_URL_FILE");
    }

    #[test]
    fn variables_of_others_are_none_of_our_business() {
        let check = |name, fine| assert_eq!(variable_is_fine(name), fine, "{name}");
        check("HOME", true);
        check("SYNOPS_CONFIG", true);
        check("SYNOPS_TEST_POSTGRES_URL", true);
        check("DATABASE_URL_FILE", true);
        check("SYNOPS_RETENTION_FEED_H", true);
        check("SYNOPS_LISTEN_FILE", false);
        check("SYNOPS_LISTN", false);
    }
}
