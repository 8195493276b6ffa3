//! Mail. The name is looked up past the guard, and its addresses alone are connected to; the certificate is
//! for the name.

use super::{Message, Office, Verdict};
use domain::connection::{Connection, ConnectionSecrets, Security};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Of an address that does not answer, when there are several.
const CONNECT_MAX: Duration = Duration::from_secs(10);

pub(super) async fn send(
    office: &Office,
    connection: &Connection,
    secrets: &ConnectionSecrets,
    message: &Message<'_>,
) -> Verdict {
    let mail = match mail(connection, message) {
        Ok(mail) => mail,
        Err(why) => return Verdict::Never(why),
    };
    let addresses = match office.network.addresses(&connection.host).await {
        Ok(addresses) => addresses,
        Err(refused @ crate::check::failure::Failure::NotAllowed) => return Verdict::Never(refused.text()),
        Err(failed) => return Verdict::Again(failed.text()),
    };
    let hello = hello(connection);
    let mut problem = None;
    for address in addresses {
        match connect(connection, address, &hello).await {
            Ok(mut open) => {
                return talk(&mut open, connection, secrets, &mail, &hello).await.unwrap_or_else(|error| verdict(&error));
            }
            Err(error) => problem = Some(error),
        }
    }
    problem.map_or_else(|| Verdict::Again("it has no address".to_owned()), |error| verdict(&error))
}

async fn connect(connection: &Connection, address: IpAddr, hello: &ClientId) -> Result<AsyncSmtpConnection, Error> {
    let port = connection.port.and_then(|port| u16::try_from(port).ok()).unwrap_or(587);
    let tls = match connection.security {
        Some(Security::Tls) => Some(TlsParameters::new(connection.host.clone())?),
        _ => None,
    };
    AsyncSmtpConnection::connect_tokio1(SocketAddr::new(address, port), Some(CONNECT_MAX), hello, tls, None).await
}

async fn talk(
    open: &mut AsyncSmtpConnection,
    connection: &Connection,
    secrets: &ConnectionSecrets,
    mail: &lettre::Message,
    hello: &ClientId,
) -> Result<Verdict, Error> {
    if connection.security == Some(Security::Starttls) {
        open.starttls(TlsParameters::new(connection.host.clone())?, hello).await?;
    }
    if let (Some(username), Some(password)) = (&connection.username, &secrets.password) {
        let credentials = Credentials::new(username.clone(), password.clone());
        open.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await?;
    }
    let answer = open.send(mail.envelope(), &mail.formatted()).await?;
    let told: Vec<&str> = answer.message().collect();
    // It has taken the message: how it says goodbye is all the same.
    let _ = open.quit().await;
    Ok(Verdict::Sent(told.join(" ")))
}

fn hello(connection: &Connection) -> ClientId {
    let domain = connection.sender.as_deref().and_then(|sender| sender.rsplit_once('@'));
    ClientId::Domain(domain.map_or("localhost", |(_, domain)| domain).to_owned())
}

fn mail(connection: &Connection, message: &Message<'_>) -> Result<lettre::Message, String> {
    let (name, address) = message.to.ok_or("there is no address to send it to")?;
    let to = address.parse().map_err(|_| "its recipient's address is none that mail can be sent to")?;
    let sender = connection.sender.as_deref().unwrap_or_default();
    let from = sender.parse().map_err(|_| "the connection's sender is no address")?;
    let mut builder = lettre::Message::builder()
        .from(Mailbox::new(Some("Synops".to_owned()), from))
        .to(Mailbox::new(Some(name.to_owned()), to))
        .subject(message.rendered.subject.clone())
        .message_id(Some(message.message_id.to_owned()))
        // No answering machine answers it.
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()));
    if let Some(link) = message.unsubscribe {
        let one_click = HeaderName::new_from_ascii_str("List-Unsubscribe-Post");
        builder = builder
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("List-Unsubscribe"), format!("<{link}>")))
            .raw_header(HeaderValue::new(one_click, "List-Unsubscribe=One-Click".to_owned()));
    }
    let text = message.rendered.body.clone();
    let made = match &message.rendered.html {
        Some(html) => builder.multipart(MultiPart::alternative_plain_html(text, html.clone())),
        None => builder.body(text),
    };
    made.map_err(|_| "it could not be written as mail".to_owned())
}

/// What an error means. Credentials that are refused may be put right; a recipient that is refused may not.
fn verdict(error: &Error) -> Verdict {
    let code = error.status().map(|code| code.to_string());
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let told = match &code {
        Some(code) => format!("it answered {code}: {cause}"),
        None => format!("{error}"),
    };
    let is_about_credentials = code.as_deref().is_some_and(|code| matches!(code, "530" | "534" | "535" | "538"));
    if error.is_permanent() && !is_about_credentials || error.is_client() { Verdict::Never(told) } else { Verdict::Again(told) }
}
