//! `synops devices simulate`: what it says was acknowledged is kept.

use crate::ledger_file::Ledger;
use crate::program::run;
use crate::telemetry::Place;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_simulated_devices_are_acknowledged_is_kept() {
    let place = Place::new().await;
    let (url, to, dir) = (place.app.db.server_url(), place.ears.to_string(), tempfile::tempdir().expect("a directory"));
    let (variables, file) = ([("DATABASE_URL", url.as_str())], dir.path().join("ledger"));
    let simulate = |more: &str| {
        let words = format!("devices simulate --to {to} --devices 20 --rate 0 --json {more}");
        words.split(' ').map(str::to_owned).collect::<Vec<_>>()
    };
    let strangers = simulate("--minutes 0.01");
    let strangers: Vec<&str> = strangers.iter().map(String::as_str).collect();
    run(&strangers, &variables).await.check(1, "--create --in WORKSPACE makes them");
    let faults = format!(
        "--create --in Fleet --records 2000 --records-per-frame 5 --loss 0.05 --duplicates 0.1 --poison 0.05 --ledger {}",
        file.display()
    );
    let arguments = simulate(&faults);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = run(&arguments, &variables).await;
    ended.check(0, "20 devices were made, 0 were there");
    let totals: Value = serde_json::from_str(&ended.out).expect("JSON");
    let count = |name: &str| totals[name].as_u64().unwrap();
    assert_eq!((count("sent"), count("acknowledged")), (2_000, 2_000), "{totals}");
    for name in ["lost", "duplicates", "poison", "refused", "reconnects"] {
        assert!(count(name) > 0, "{name}: {totals}");
    }
    let ledger = Ledger::read(&file);
    assert_eq!((ledger.healthy.len(), ledger.poison.is_empty()), (2_000, false));
    assert_eq!(ledger.compare(place.app.db.owner_pool()).await, 0, "all that was kept was acknowledged at last");
    // They are there now.
    let again = simulate("--create --in Fleet --records 20");
    let again: Vec<&str> = again.iter().map(String::as_str).collect();
    run(&again, &variables).await.check(0, "0 devices were made, 20 were there");
}
