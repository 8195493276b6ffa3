//! Mail over TLS: to a server that can be trusted, under its own name, and from whoever has the password.

use crate::post::{Place, patch_of, place};
use domain::connection::{Channel, ConnectionPatch, Security, Withheld};
use domain::notification::Messenger;
use std::time::Duration;
use testkit::{Authority, MailServer};

/// What this process trusts: the operator says it in the environment.
const TRUST: &str = "SSL_CERT_FILE";
/// Where the authority is that the test below has made.
const HOME: &str = "SYNOPS_TEST_AUTHORITY";
const LIMIT: Duration = Duration::from_secs(240);
const PASSWORD: &str = "open-sesame-17";

/// In a process of its own, because whom a process trusts is in its environment: the first one starts the second.
#[tokio::test]
async fn mail_goes_to_a_server_that_is_trusted() {
    #[expect(clippy::disallowed_methods, reason = "handed over by the first process")]
    if let Some(home) = std::env::var_os(HOME) {
        return to_whom_it_goes(&Authority::at(home.as_ref())).await;
    }
    let home = tempfile::tempdir().unwrap();
    let authority = Authority::new(home.path());
    let mut process = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["mail_tls::mail_goes_to_a_server_that_is_trusted", "--exact", "--nocapture"])
        .env(TRUST, authority.certificate())
        .env(HOME, home.path())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let ended = tokio::time::timeout(LIMIT, process.wait()).await.expect("it ends by itself").unwrap();
    assert!(ended.success(), "see above");
}

async fn to_whom_it_goes(authority: &Authority) {
    let p = place().await;
    let elsewhere = tempfile::tempdir().unwrap();
    for security in [Security::Starttls, Security::Tls] {
        let from_the_first_byte = security == Security::Tls;
        let mail = MailServer::start_guarded(&authority.certify("127.0.0.1"), from_the_first_byte, PASSWORD).await;
        let said = test(&p, &mail, security, Some(PASSWORD)).await;
        assert_eq!((said.as_ref().err(), mail.mails().len()), (None, 1), "{security:?}");
        // A password that is wrong may be put right, and is never told.
        let said = test(&p, &mail, security, Some("not-the-password")).await.unwrap_err();
        assert!(said.contains("535") && !said.contains("not-the-password"), "{security:?}: {said}");
        let said = test(&p, &mail, security, None).await.unwrap_err();
        assert!(said.contains("530"), "{security:?}: {said}");
        assert_eq!(mail.mails().len(), 1, "{security:?}");

        // Of the same authority, but another's; and of one that nobody trusts.
        let others = [authority.certify("127.0.0.2"), Authority::new(elsewhere.path()).certify("127.0.0.1")];
        for certified in others {
            let mail = MailServer::start_guarded(&certified, from_the_first_byte, PASSWORD).await;
            let said = test(&p, &mail, security, Some(PASSWORD)).await.unwrap_err();
            assert!(said.contains("certificate"), "{security:?}: {said}");
            assert_eq!(mail.mails().len(), 0, "{security:?}");
        }
    }
}

/// Sends a test message; what the other side said if it did not take it.
async fn test(p: &Place, mail: &MailServer, security: Security, password: Option<&str>) -> Result<(), String> {
    let patch = ConnectionPatch {
        security: Some(security),
        username: password.map(|_| "synops".to_owned()),
        password: password.map(Withheld::new),
        ..patch_of(mail)
    };
    let connection = p.connection(Channel::Smtp, patch).await;
    let told = p.post().test(connection, Some("kari@example.org".to_owned())).await.unwrap();
    if told.ok { Ok(()) } else { Err(told.detail) }
}
