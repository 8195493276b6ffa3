use super::*;
use secrecy::ExposeSecret;

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn load(file: &str, variables: &[(&str, &str)]) -> Result<Config, Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("synops.toml");
    std::fs::write(&path, file).unwrap();
    Config::load(Some(&path), &environment(variables))
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let config =
        load("listen = \"0.0.0.0:80\"\n[log]\nlevel = \"debug\"", &[("SYNOPS_LISTEN", "[::1]:81"), ("SYNOPS_ROLES", "prober")])
            .unwrap();
    assert_eq!(config.listen, "[::1]:81".parse().unwrap());
    assert_eq!((config.log.level.as_str(), config.log.format), ("debug", LogFormat::Text));
    assert_eq!(config.roles, [Role::Prober]);
    assert_eq!(config.retention.feed, domain::limits::FEED_RETENTION_DEFAULT);
    assert_eq!(config.retention.check_runs, domain::limits::CHECK_RUNS_KEPT_DEFAULT);
    assert_eq!(config.retention.audit, domain::limits::AUDIT_KEPT_DEFAULT);
    assert_eq!(config.retention.job_history, domain::limits::JOB_HISTORY_KEPT_DEFAULT);
    assert_eq!(config.jobs.finish_within, domain::limits::JOBS_FINISH_DEFAULT);
    // Empty is unset: compose files pass on what isn't there.
    assert!(load("", &[("DATABASE_URL", "")]).unwrap().database_url.is_none());
}

#[test]
fn what_is_wrong_is_named_and_secrets_are_not_told() {
    fn check(file: &str, variables: &[(&str, &str)], expect: &str) {
        let error = load(file, variables).unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
    check("lisen = \"a\"", &[], "no setting `lisen`; did you mean `listen`?");
    check("[log]\nlevl = \"info\"", &[], "no setting `log.levl`; did you mean `log.level`?");
    check("", &[("SYNOPS_LITSEN", "x")], "SYNOPS_LITSEN of the environment; did you mean SYNOPS_LISTEN?");
    check("a = 1\ndatabase_url = \"s3cret", &[], "line 2");
    check("database_url = 3", &[], "`database_url` (");
    check("", &[("DATABASE_URL", "mysql://u:s3cret@h")], "`database_url` (DATABASE_URL): an address like postgres://");
    check("", &[("SYNOPS_DEMO", "yes")], "`demo` (SYNOPS_DEMO): true or false is expected");
    check("", &[("SYNOPS_LISTEN", "localhost")], "an address and a port");
    check("[retention]\nfeed_h = 0", &[], "a number from 1 to");
    check("roles = []", &[], "one or more of");
    check("[tools]\nbackup = \"/bin/backup\"", &[], "`tools`");
    check("[tools]\nbackup = []", &[], "`tools`");
    check("[tools]\nbackup = [\"backup\"]", &[], "a program's whole path");
    check("[tools]\n\"../x\" = [\"/bin/x\"]", &[], "names of small letters");
    check("public_url = \"synops.example.org\"", &[], "without a path");
    check("", &[("SYNOPS_TELEMETRY_ENROL", "yes")], "\"known\" or \"auto\"");
    check("[telemetry]\nenrol = \"auto\"", &[], "`telemetry.enrol_in` (not set): with enrol = \"auto\"");
    check("[cookies]\nsecure = \"maybe\"", &[], "\"auto\"");
    check(
        "",
        &[("DATABASE_URL", "postgres://a"), ("DATABASE_URL_FILE", "/x")],
        "both DATABASE_URL and DATABASE_URL_FILE are set",
    );
    check("", &[("SYNOPS_OWNER_URL_FILE", "/nowhere")], "SYNOPS_OWNER_URL_FILE: /nowhere");
}

#[test]
fn a_secret_comes_from_its_file_and_stays_out_of_debug() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("url");
    std::fs::write(&path, "postgres://u:s3cret@h/d\n").unwrap();
    let config = load("", &[("DATABASE_URL_FILE", path.to_str().unwrap())]).unwrap();
    assert_eq!(config.database_url.as_ref().unwrap().expose_secret(), "postgres://u:s3cret@h/d");
    assert!(!format!("{config:?}").contains("s3cret"));
    let shown = show(None, &environment(&[("DATABASE_URL", "postgres://u:s3cret@h/d")])).unwrap();
    let text = serde_json::to_string(&shown).unwrap();
    assert!(text.contains("DATABASE_URL") && !text.contains("s3cret"), "{text}");
}

#[test]
fn livekit_is_configured_whole_or_not_at_all() {
    assert!(load("", &[]).unwrap().livekit.is_none());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secret");
    std::fs::write(&path, "s3cret\n").unwrap();
    let from_file = ("SYNOPS_LIVEKIT_API_SECRET_FILE", path.to_str().unwrap());
    let config = load("[livekit]\nurl = \"wss://calls.example/\"\napi_key = \"key\"", &[from_file]).unwrap();
    let livekit = config.livekit.as_ref().unwrap();
    assert_eq!((livekit.url.as_str(), livekit.api_key.as_str()), ("wss://calls.example", "key"));
    assert_eq!(livekit.api_secret.expose_secret(), "s3cret");
    assert!(!format!("{config:?}").contains("s3cret"));

    let check = |variables: &[(&str, &str)], expect: &str| {
        let error = load("", variables).unwrap_err().to_string();
        assert!(error.contains(expect) && !error.contains("s3cret"), "{error}");
    };
    let (url, key) = (("SYNOPS_LIVEKIT_URL", "wss://calls.example"), ("SYNOPS_LIVEKIT_API_KEY", "key"));
    let secret = ("SYNOPS_LIVEKIT_API_SECRET", "s3cret");
    check(&[url], "`livekit.api_key` and `livekit.api_secret` are not set");
    check(&[url, key], "`livekit.api_secret` is not set");
    check(&[key, secret], "`livekit.url` is not set");
    check(
        &[("SYNOPS_LIVEKIT_URL", "https://calls.example"), key, secret],
        "`livekit.url` (SYNOPS_LIVEKIT_URL): an address like wss",
    );
}

#[test]
fn files_are_in_the_data_directory_unless_it_is_said_where() {
    let config = load("data_dir = \"/srv/synops\"", &[]).unwrap();
    assert_eq!(config.files.dir, Path::new("/srv/synops/files"));
    assert_eq!(config.files.max_bytes, domain::limits::FILE_MAX_BYTES_DEFAULT);
    assert_eq!(config.files.types, domain::file::TYPES_DEFAULT);
    let config = load("[files]\ndir = \"/mnt/files\"\ntypes = [\"image/jpg\"]", &[("SYNOPS_FILES_MAX_BYTES", "7")]).unwrap();
    assert_eq!((config.files.dir.as_path(), config.files.max_bytes), (Path::new("/mnt/files"), 7));
    assert_eq!(config.files.types, ["image/jpeg"]);
    let error = load("[files]\ntypes = [\"png\"]", &[]).unwrap_err().to_string();
    assert!(error.contains("`files.types`") && error.contains("media types"), "{error}");
    assert!(load("[files]\nmax_bytes = 0", &[]).is_err());
}

#[test]
fn cookies_are_secure_where_people_come_by_https() {
    let check = |file: &str, expect| assert_eq!(load(file, &[]).unwrap().cookies_secure, expect, "{file}");
    check("", false);
    check("public_url = \"https://a.example\"", true);
    check("public_url = \"http://a.example\"", false);
    check("public_url = \"https://a.example\"\ncookies.secure = \"never\"", false);
    check("cookies.secure = \"always\"", true);
}

#[test]
fn a_file_that_was_named_must_be_there() {
    assert!(Config::load(Some(Path::new("/nowhere.toml")), &Environment::default()).is_err());
    assert!(Config::load(None, &environment(&[("SYNOPS_CONFIG", "/nowhere.toml")])).is_err());
}

#[test]
fn the_default_file_names_every_setting_once() {
    let mut section = String::new();
    let mut named = Vec::new();
    for line in DEFAULT_FILE.lines().map(|line| line.trim_start_matches("# ")) {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            section = format!("{name}.");
        } else if let Some((name, _)) = line.split_once(" = ")
            && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        {
            // Tools have names of their own.
            named.push(if section == "tools." { "tools".to_owned() } else { format!("{section}{name}") });
        }
    }
    assert_eq!(named, KEYS.iter().map(|key| key.name).collect::<Vec<_>>());
}
