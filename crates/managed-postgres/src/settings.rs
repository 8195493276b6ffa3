//! What PostgreSQL is told: a settings file that is written at every start, and
//! arguments for what must hold whatever a file or `ALTER SYSTEM` says.

use std::ffi::OsString;
use std::fmt::Write;
use std::path::Path;

use crate::Error;

/// For a small server with the database beside the program; the caller's
/// settings come after these and win.
const DEFAULTS: [(&str, &str); 10] = [
    ("max_connections", "100"),
    ("shared_buffers", "128MB"),
    ("synchronous_commit", "on"),
    // Solid-state disks are the rule.
    ("random_page_cost", "1.1"),
    // Compiling short queries costs more than it gives.
    ("jit", "off"),
    ("wal_compression", "on"),
    // Stamps mean the same on every machine.
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("log_line_prefix", "%m [%p] %q%u@%d "),
    ("log_checkpoints", "off"),
];

/// Set by this crate alone.
const RESERVED: [&str; 15] = [
    "cluster_name",
    "config_file",
    "data_directory",
    "external_pid_file",
    "hba_file",
    "ident_file",
    "include",
    "include_dir",
    "include_if_exists",
    "listen_addresses",
    "log_destination",
    "logging_collector",
    "port",
    "unix_socket_directories",
    "unix_socket_permissions",
];

/// The settings file: first what the administrator wrote into the data
/// directory, then the defaults, then `settings`; the last of a name wins.
pub(crate) fn file(data: &Path, settings: &[(String, String)]) -> Result<String, Error> {
    let admin = data.join("postgresql.conf");
    let mut text = "# Written at every start: changes are lost.\n".to_owned();
    push(&mut text, "include_if_exists", &admin.to_string_lossy());
    for (name, value) in DEFAULTS {
        push(&mut text, name, value);
    }
    for (name, value) in settings {
        if let Some(reason) = objection(name, value) {
            return Err(Error::Setting { name: name.clone(), reason: reason.to_owned() });
        }
        push(&mut text, name, value);
    }
    Ok(text)
}

fn objection(name: &str, value: &str) -> Option<&'static str> {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    if !begins || !name.chars().all(is_name) {
        Some("that is no setting's name")
    } else if RESERVED.iter().any(|r| r.eq_ignore_ascii_case(name)) {
        Some("it keeps the database private and is not to be changed")
    } else if value.contains('\0') {
        Some("its value holds a zero byte")
    } else {
        None
    }
}

fn push(text: &mut String, name: &str, value: &str) {
    let value = value.replace('\\', r"\\").replace('\'', "''").replace('\n', r"\n");
    // `include` directives take no equals sign, and settings need none.
    writeln!(text, "{name} '{value}'").expect("writing to a string cannot fail");
}

/// Where one postmaster runs.
pub(crate) struct Place<'a> {
    pub(crate) data: &'a Path,
    pub(crate) settings_file: &'a Path,
    pub(crate) socket_dir: &'a Path,
    pub(crate) port: u16,
    /// The cluster's name, by which its processes are recognised.
    pub(crate) mark: &'a str,
}

/// The arguments of `postgres`. No TCP, a socket for the owner alone, and
/// everything logged to standard error, which the caller bounds.
pub(crate) fn arguments(place: &Place<'_>) -> Vec<OsString> {
    // A list of directories, each of which may be quoted.
    let socket_dir = place.socket_dir.to_string_lossy().replace('"', r#""""#);
    let mut arguments: Vec<OsString> = vec!["-D".into(), place.data.into()];
    let settings = [
        format!("config_file={}", place.settings_file.display()),
        mark_argument(place.mark),
        "listen_addresses=".to_owned(),
        format!("unix_socket_directories=\"{socket_dir}\""),
        "unix_socket_permissions=0700".to_owned(),
        format!("port={}", place.port),
        "logging_collector=off".to_owned(),
        "log_destination=stderr".to_owned(),
    ];
    for setting in settings {
        arguments.extend(["-c".into(), setting.into()]);
    }
    arguments
}

/// How a postmaster of the cluster `mark` shows in the process table.
pub(crate) fn mark_argument(mark: &str) -> String {
    format!("cluster_name={mark}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_and_the_callers_come_last() {
        let settings = [("work_mem".into(), "8MB".into()), ("a.b".into(), "it's\\\n".into())];
        let text = file(Path::new("/d'x"), &settings).unwrap();
        assert!(text.contains("include_if_exists '/d''x/postgresql.conf'\nmax_conn"), "{text}");
        assert!(text.ends_with("work_mem '8MB'\na.b 'it''s\\\\\\n'\n"), "{text}");
    }

    #[test]
    fn what_would_open_the_cluster_is_refused() {
        for name in ["listen_addresses", "Port", "include", "", "a b", "x'", "1x", "a=b"] {
            let settings = [(name.to_owned(), "1".to_owned())];
            let refused = file(Path::new("/d"), &settings);
            assert!(matches!(refused, Err(Error::Setting { .. })), "{name}");
        }
        let zero = [("work_mem".to_owned(), "1\0".to_owned())];
        assert!(file(Path::new("/d"), &zero).is_err());
    }
}
