//! What somebody has devices told: queued in the database, sent by whichever server the device is connected to. An
//! answer names no command, so a device is told one thing at a time, and what it says next is the answer.

use super::Ingest;
use domain::limits::{DEVICE_COMMAND_ANSWER_WITHIN, DEVICE_COMMAND_SENT_WITHIN};
use domain::telemetry::Imei;
use domain::telemetry::codec::{self, CommandCodec, Message, MessageKind};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::time::Duration;
use store::Pool;
use store::device_command::DeviceCommand;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

/// Commands are looked for so often.
const LOOKED_FOR_EVERY: Duration = Duration::from_secs(1);
/// Of one device; one at a time waits for its answer.
const WAITING_MAX: usize = 1;

/// Which devices are connected here.
#[derive(Default)]
pub(crate) struct Wires(Mutex<HashMap<Uuid, (u64, mpsc::Sender<DeviceCommand>)>>);

/// A device's own way in; it is connected as long as it holds this.
pub(crate) struct Wire<'a> {
    wires: &'a Wires,
    device_id: Uuid,
    number: u64,
    pub(crate) commands: mpsc::Receiver<DeviceCommand>,
    /// What it was told, and has not answered.
    asked: Option<Uuid>,
}

impl Wires {
    /// A device that connects again takes the place of its former connection.
    pub(crate) fn connect(&self, device_id: Uuid) -> Wire<'_> {
        let (sender, commands) = mpsc::channel(WAITING_MAX);
        let mut wires = self.0.lock();
        let number = wires.get(&device_id).map_or(0, |(number, _)| number + 1);
        wires.insert(device_id, (number, sender));
        Wire { wires: self, device_id, number, commands, asked: None }
    }

    fn connected(&self, of: &[Uuid]) -> Vec<Uuid> {
        let wires = self.0.lock();
        of.iter().copied().filter(|id| wires.contains_key(id)).collect()
    }

    /// False: it is not there any more.
    fn hand(&self, command: DeviceCommand) -> bool {
        let wires = self.0.lock();
        wires.get(&command.device_id).is_some_and(|(_, sender)| sender.try_send(command).is_ok())
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.0.lock().len()
    }
}

impl Drop for Wire<'_> {
    fn drop(&mut self) {
        let mut wires = self.wires.0.lock();
        if wires.get(&self.device_id).is_some_and(|(number, _)| *number == self.number) {
            wires.remove(&self.device_id);
        }
    }
}

impl Wire<'_> {
    /// The bytes of a command that is to be sent now.
    pub(crate) fn send(&mut self, imei: Imei, command: &DeviceCommand) -> Vec<u8> {
        self.asked = Some(command.id);
        let codec = if command.codec == 14 { CommandCodec::Codec14(imei) } else { CommandCodec::Codec12 };
        codec::command(codec, &command.text)
    }

    /// What the device says: the answer to what it was told, if it waited for one.
    pub(crate) async fn heard(&mut self, pool: &Pool, messages: &[Message]) {
        for message in messages {
            let answer = match message.kind {
                MessageKind::Answer => message.text(),
                MessageKind::NotMeant => "it has another IMEI".to_owned(),
                MessageKind::Command | MessageKind::Serial => continue,
            };
            let Some(id) = self.asked.take() else { continue };
            if let Err(error) = store::device_command::answer_command(pool, id, &without_nul(answer)).await {
                tracing::warn!(%error, "what a device answered could not be kept");
            }
        }
    }
}

/// PostgreSQL's text holds any character but one.
fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// Hands commands to the devices that are connected here, and gives up what nobody answers.
pub(super) async fn hand_out(ingest: &Ingest) {
    let mut ticks = tokio::time::interval(LOOKED_FOR_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = look(ingest).await {
            tracing::debug!(%error, "commands for devices could not be looked for; tried again shortly");
        }
    }
}

async fn look(ingest: &Ingest) -> Result<(), sqlx::Error> {
    let pool = &ingest.pool;
    store::device_command::time_commands_out(pool, DEVICE_COMMAND_ANSWER_WITHIN, DEVICE_COMMAND_SENT_WITHIN).await?;
    let wanted = store::device_command::list_devices_with_commands(pool).await?;
    let here = ingest.wires.connected(&wanted);
    if here.is_empty() {
        return Ok(());
    }
    for command in store::device_command::take_commands(pool, &here).await? {
        let id = command.id;
        if !ingest.wires.hand(command) {
            store::device_command::fail_command(pool, id).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(device_id: Uuid) -> DeviceCommand {
        DeviceCommand {
            id: Uuid::now_v7(),
            device_id,
            text: "getinfo".to_owned(),
            codec: 12,
            state: "sent".to_owned(),
            answer: None,
            created_by: None,
            created_at: chrono::DateTime::UNIX_EPOCH,
            sent_at: None,
            answered_at: None,
        }
    }

    #[test]
    fn a_device_has_one_wire() {
        let (wires, device_id) = (Wires::default(), Uuid::now_v7());
        assert!(!wires.hand(command(device_id)), "it is not there");
        let first = wires.connect(device_id);
        let mut second = wires.connect(device_id);
        drop(first);
        assert_eq!(wires.connected(&[device_id]), [device_id], "the former one's end is not the end");
        assert!(wires.hand(command(device_id)));
        assert!(!wires.hand(command(device_id)), "one at a time");
        assert!(second.commands.try_recv().is_ok());
        drop(second);
        assert_eq!(wires.len(), 0);
    }
}
