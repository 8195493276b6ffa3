//! Wrong configuration and wrong usage.

use crate::program::run;

#[tokio::test]
async fn what_is_not_known_refuses_to_start_and_names_the_nearest() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("synops.toml");
    std::fs::write(&file, "lissten = \"127.0.0.1:1\"\n").unwrap();
    let file = file.to_str().unwrap();
    let ended = run(&["serve", "--config", file], &[]).await;
    ended.check(78, "no setting `lissten`; did you mean `listen`?");
    let ended = run(&["doctor"], &[("SYNOPS_CONFIG", file)]).await;
    ended.check(78, "did you mean `listen`?");
    let ended = run(&["serve"], &[("SYNOPS_LOGLEVEL", "debug")]).await;
    ended.check(78, "did you mean SYNOPS_LOG_LEVEL?");
    let ended = run(&["serve"], &[("SYNOPS_LOG_LEVEL", "loud,x=y=z")]).await;
    ended.check(78, "`log.level`");
}

#[tokio::test]
async fn secrets_stay_hidden() {
    let url = [("DATABASE_URL", "postgres://u:s3cret@127.0.0.1:1/d")];
    for arguments in [["config", "show"].as_slice(), &["config", "show", "--json"]] {
        let ended = run(arguments, &url).await;
        ended.check(0, "");
        assert!(ended.out.contains("database_url") && !ended.out.contains("s3cret"), "{}", ended.out);
    }
    let ended = run(&["doctor"], &url).await;
    ended.check(1, "");
    assert!(!(ended.out + &ended.err).contains("s3cret"));
}

#[tokio::test]
async fn the_default_file_is_a_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("synops.toml");
    let defaults = run(&["config", "default"], &[]).await;
    std::fs::write(&file, &defaults.out).unwrap();
    run(&["config", "check", "--config", file.to_str().unwrap()], &[]).await.check(0, "");
}

#[tokio::test]
async fn wrong_usage_is_code_2_and_each_verb_has_an_example() {
    run(&["srve"], &[]).await.check(2, "serve");
    let verbs: &[&[&str]] = &[
        &["serve"],
        &["migrate"],
        &["doctor"],
        &["user", "create"],
        &["user", "list"],
        &["user", "reset-password"],
        &["token", "create"],
        &["schema", "check"],
        &["schema", "dump"],
        &["config", "default"],
        &["config", "show"],
        &["openapi"],
    ];
    for verb in verbs {
        let ended = run(&[verb, ["--help"].as_slice()].concat(), &[]).await;
        ended.check(0, "");
        assert!(ended.out.contains("Example:\n  "), "{verb:?}: {}", ended.out);
    }
}

#[tokio::test]
async fn the_api_is_described_without_a_database() {
    let ended = run(&["openapi"], &[]).await;
    ended.check(0, "");
    let description: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert!(description["paths"].as_object().is_some_and(|paths| paths.contains_key("/api/v1/nodes")), "{}", ended.out);
}
