//! Every bound of the product, with its unit in the name. Where the database enforces one too, the
//! migration says the same number.

use std::time::Duration;

pub const TITLE_MAX_CHARS: usize = 200;
pub const BODY_MAX_BYTES: usize = 65_536;
pub const ATTRS_MAX_BYTES: usize = 16_384;
/// `part_of` chains; deeper is refused.
pub const CONTAINMENT_MAX_LEVELS: usize = 32;

/// One HTTP request's body.
pub const REQUEST_BODY_MAX_BYTES: usize = 1_048_576;
/// From its first byte to its answer (uploads and sockets have bounds of their own).
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
pub const REQUESTS_IN_FLIGHT_MAX: usize = 512;
/// Open connections of callers, sockets among them; more wait in the kernel's queue.
pub const CONNECTIONS_MAX: usize = 6_000;
/// From the end of one request to the whole head of the next.
pub const HEADERS_TIMEOUT: Duration = Duration::from_secs(30);
pub const HEADERS_MAX_BYTES: usize = 65_536;
/// What is under way when the server stops gets so long to finish.
pub const CONNECTION_GRACE: Duration = Duration::from_secs(10);
pub const INTENTIONS_MAX: usize = 500;
pub const PAGE_DEFAULT_ITEMS: i64 = 50;
pub const PAGE_MAX_ITEMS: i64 = 200;
pub const SEARCH_MAX_CHARS: usize = 100;
/// Words of a search; what is typed beyond them counts for nothing.
pub const SEARCH_WORDS_MAX: usize = 8;
pub const SEARCH_WORD_MAX_CHARS: usize = 64;
/// How much of a text is looked through for what to show of it.
pub const SEARCH_SHOWN_MAX_CHARS: i32 = 8_000;
pub const SEARCH_SNIPPET_CHARS: usize = 160;
/// A deadlock or serialisation failure is tried again this often.
pub const TRANSACTION_ATTEMPTS_MAX: u32 = 4;

pub const IDEMPOTENCY_KEY_MAX_BYTES: usize = 128;
pub const IDEMPOTENCY_KEPT: Duration = Duration::from_secs(24 * 3600);
/// A key whose first request is still running after this was abandoned: its effects never committed.
pub const IDEMPOTENCY_RUNNING_MAX: Duration = Duration::from_secs(60);

pub const PASSWORD_MIN_CHARS: usize = 10;
pub const PASSWORD_MAX_BYTES: usize = 512;
pub const SESSION_LASTS: Duration = Duration::from_secs(30 * 24 * 3600);
pub const SESSIONS_PER_PERSON_MAX: i64 = 50;
pub const TOKENS_PER_PERSON_MAX: i64 = 50;
pub const SIGN_IN_LINK_LASTS: Duration = Duration::from_secs(24 * 3600);
/// Attempts a minute, for one login and for one address.
pub const SIGN_INS_PER_MINUTE: u32 = 10;
/// argon2 takes 19 MiB each.
pub const PASSWORD_HASHES_AT_ONCE: usize = 2;

pub const SOCKETS_MAX: usize = 5_000;
pub const SUBSCRIPTIONS_PER_SOCKET_MAX: usize = 64;
pub const SOCKET_MESSAGE_MAX_BYTES: usize = 16_384;
/// Messages that a socket may send within the period, pings of the protocol's own kind included.
pub const SOCKET_MESSAGES_MAX: u32 = 300;
pub const SOCKET_MESSAGES_PERIOD: Duration = Duration::from_secs(10);
/// Messages a socket may send that could not be taken, before it is closed.
pub const SOCKET_ERRORS_MAX: u32 = 20;
/// A socket that sends nothing for so long is closed; clients ping every 10 s.
pub const SOCKET_IDLE_MAX: Duration = Duration::from_secs(60);
/// A frame that can't be handed to the network for so long: the reader is gone.
pub const SOCKET_WRITE_MAX: Duration = Duration::from_secs(30);
/// What waits for one reader before only the newest version of each node is kept.
pub const OUTBOX_MAX_BYTES: usize = 1_048_576;
/// Each costs memory of its own, however much of what it tells is shared.
pub const OUTBOX_MAX_ENTRIES: usize = 256;
/// Pings of the WebSocket protocol whose pongs the network did not take.
pub const UNANSWERED_PINGS_MAX: u32 = 64;
/// One frame's worth of events or rows, before the next frame is begun. A socket that does not read
/// costs one.
pub const FRAME_TARGET_BYTES: usize = 16_384;
/// A subscription's first rows; more are left to the paged lists.
pub const SUBSCRIBE_ROWS_MAX: i64 = 5_000;
/// First rows and replays read at once; the others wait their turn.
pub const SUBSCRIBES_AT_ONCE: usize = 4;
pub const SUBSCRIBE_WAIT_MAX: Duration = Duration::from_secs(20);
/// Batches kept for a subscription while its first rows are read.
pub const PENDING_BATCHES_MAX: usize = 1_024;
/// A replay above this is answered with `resync`: the first rows are cheaper.
pub const REPLAY_ROWS_MAX: i64 = 20_000;
pub const TOKEN_MAX_BYTES: usize = 4_096;

/// Rows of the change log read at once by the tailer.
pub const FEED_PAGE_ROWS: i64 = 2_000;
/// The tailer looks at least so often, rung or not.
pub const FEED_POLL: Duration = Duration::from_millis(200);
/// While something is being written it looks more often: a foreign writer that holds its
/// transaction open holds the right to ring with it, and its neighbours' commits go unrung.
pub const FEED_POLL_BUSY: Duration = Duration::from_millis(4);
pub const FEED_BUSY_FOR: Duration = Duration::from_secs(1);
/// Between two batches, so that a burst of commits becomes one frame a reader.
pub const FEED_MIN_PAUSE: Duration = Duration::from_millis(1);
/// What is derived from the log (caches) is used while the log was read to its end at most so long ago;
/// whoever asks for something newer waits no longer for it.
pub const FEED_LAG_MAX: Duration = Duration::from_secs(1);
pub const FEED_RETENTION_DEFAULT: Duration = Duration::from_secs(48 * 3600);

/// A cached value is not served longer than this, whatever became of its invalidation.
pub const CACHE_MAINTENANCES_TTL: Duration = Duration::from_secs(15);
pub const CACHE_INCIDENTS_TTL: Duration = Duration::from_secs(15);
pub const CACHE_FLEET_TTL: Duration = Duration::from_secs(25);
pub const CACHE_CATALOG_TTL: Duration = Duration::from_secs(25);
/// What a public page says: its figures of today change by checks, of which the feed does not tell.
pub const CACHE_STATUS_PAGES_TTL: Duration = Duration::from_secs(5);
pub const CACHE_ANNOUNCEMENTS_TTL: Duration = Duration::from_secs(45);
/// Who is signed in, and who sees what.
pub const CACHE_CALLERS_TTL: Duration = Duration::from_secs(60);
/// Of each module, in this process.
pub const CACHE_NODES_MAX_BYTES: u64 = 16 * 1024 * 1024;
pub const CACHE_PAGES_MAX_BYTES: u64 = 8 * 1024 * 1024;
pub const CACHE_RELATIONS_MAX_BYTES: u64 = 4 * 1024 * 1024;
/// Of callers, and of what they see.
pub const CACHE_SIGHTS_MAX_BYTES: u64 = 4 * 1024 * 1024;
/// A cache that failed is tried again so often.
pub const CACHE_MENDED_EVERY: Duration = Duration::from_millis(500);
/// A read whose caller's access changes meanwhile is judged again at most so often.
pub const SIGHT_ATTEMPTS_MAX: usize = 8;

pub const CHECK_INTERVAL_MIN_S: i32 = 5;
pub const CHECK_INTERVAL_MAX_S: i32 = 86_400;
pub const CHECK_TIMEOUT_MIN_MS: i32 = 100;
pub const CHECK_TIMEOUT_MAX_MS: i32 = 60_000;
pub const CHECK_FAILURES_MAX: i16 = 20;
pub const CHECK_URL_MAX_BYTES: usize = 2_048;
pub const CHECK_TEXT_MAX_BYTES: usize = 1_024;
/// How much of an answer is read when a text is looked for.
pub const CHECK_BODY_MAX_BYTES: usize = 1_048_576;
pub const CHECK_ERROR_MAX_CHARS: usize = 300;
pub const CHECKS_AT_ONCE: usize = 64;
pub const CHECK_RUNS_KEPT_DEFAULT: Duration = Duration::from_secs(30 * 24 * 3600);
pub const AUDIT_KEPT_DEFAULT: Duration = Duration::from_secs(400 * 24 * 3600);

/// In which a room token must be used: who has joined stays, whatever becomes of it.
pub const CALL_TOKEN_LASTS: Duration = Duration::from_secs(600);

/// An instance tells that it lives so often, and counts as gone after the other.
pub const HEARTBEAT_PERIOD: Duration = Duration::from_secs(5);
pub const HEARTBEAT_LAPSE: Duration = Duration::from_secs(30);
/// An instance that did not say goodbye is still listed (as gone) for so long.
pub const INSTANCES_KEPT: Duration = Duration::from_secs(3600);

/// Expired rows are deleted so many at a time.
pub const UPKEEP_BATCH_ROWS: i64 = 1_000;

/// Messages that go with their channel in one transaction, which holds the graph's lock (about 0.4 ms for each). With
/// more than these a channel leaves everybody's sight, and they go so many at a time.
pub const MESSAGES_DELETED_AT_ONCE: i64 = 500;

/// A job's payload, checkpoint or result, as JSON.
pub const JOB_PAYLOAD_MAX_BYTES: usize = 65_536;
pub const JOB_ERROR_MAX_CHARS: usize = 2_000;
pub const JOB_MESSAGE_MAX_CHARS: usize = 200;
/// Jobs enqueued by one statement.
pub const JOBS_PER_BATCH_MAX: usize = 1_000;
/// Jobs claimed, or completed, by one statement.
pub const JOB_CLAIM_MAX: usize = 500;
/// Between the first attempt and the second, doubled from there on.
pub const JOB_BACKOFF_FIRST: Duration = Duration::from_secs(1);
pub const JOB_BACKOFF_MAX: Duration = Duration::from_secs(3600);
/// Workers look at least so often, rung or not.
pub const JOB_POLL: Duration = Duration::from_secs(1);
/// An instance that was not heard of for so long has lost its jobs: others run them.
pub const JOB_LEASE: Duration = Duration::from_secs(45);
/// It gives them up itself a little earlier.
pub const JOB_LEASE_MARGIN: Duration = Duration::from_secs(5);
/// What a job does not end of itself after being told to is cut off after this.
pub const JOB_CANCEL_GRACE: Duration = Duration::from_secs(10);
/// A plain stop gives jobs so long to finish before it interrupts them.
pub const JOBS_FINISH_DEFAULT: Duration = Duration::from_secs(10);
/// Positions told at once.
pub const POSITIONS_DEFAULT_ITEMS: i64 = 1_000;
pub const POSITIONS_PAGE_MAX_ITEMS: i64 = 5_000;
pub const POSITIONS_KEPT_DEFAULT: Duration = Duration::from_secs(90 * 24 * 3600);
pub const JOB_HISTORY_KEPT_DEFAULT: Duration = Duration::from_secs(30 * 24 * 3600);
/// After a person has decided about them.
pub const DEAD_LETTERS_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);
pub const SCHEDULES_MAX: i64 = 200;
pub const SCHEDULE_NAME_MAX_CHARS: usize = 100;
pub const JOB_UNIQUE_KEY_MAX_BYTES: usize = 200;
/// For which a unique key may hold.
pub const JOB_PERIOD_MAX: Duration = Duration::from_secs(365 * 24 * 3600);
/// Why a class of jobs is paused.
pub const JOB_REASON_MAX_CHARS: usize = 200;
/// Dead letters decided about by one request.
pub const DEAD_LETTERS_AT_ONCE_MAX: usize = 500;

pub const TOOL_NAME_MAX_CHARS: usize = 64;
/// What a command may write, in all.
pub const TOOL_OUTPUT_MAX_BYTES: usize = 65_536;
pub const WEBHOOK_URL_MAX_BYTES: usize = 2_048;
pub const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(15);

pub const MAINTENANCE_MIN: Duration = Duration::from_secs(60);
pub const MAINTENANCE_MAX: Duration = Duration::from_secs(30 * 24 * 3600);
/// How far ahead a window may begin.
pub const MAINTENANCE_AHEAD_MAX: Duration = Duration::from_secs(366 * 24 * 3600);
/// A window "from now on" may have taken so long to get here.
pub const MAINTENANCE_LATE_MAX: Duration = Duration::from_secs(60);
pub const MAINTENANCE_AFFECTS_MAX: usize = 200;
/// Links of a maintenance, an incident or a system.
pub const LINKS_MAX: usize = 20;
pub const LINK_TITLE_MAX_CHARS: usize = 200;
pub const LINK_URL_MAX_BYTES: usize = 1_024;
/// What people are told at once about a maintenance or an incident.
pub const UPDATE_MESSAGE_MAX_BYTES: usize = 8_192;
/// How long its systems may take to be green again.
pub const MAINTENANCE_VERIFY_MIN_S: i32 = 10;
pub const MAINTENANCE_VERIFY_MAX_S: i32 = 86_400;
/// How long jobs and requests may take to finish before Synops goes down.
pub const DRAIN_BOUND_MIN_S: i32 = 1;
pub const DRAIN_BOUND_MAX_S: i32 = 3_600;
pub const TIMEZONE_MAX_BYTES: usize = 64;
/// The clock of maintenances looks at least so often, rung or not.
pub const MAINTENANCE_POLL: Duration = Duration::from_secs(1);
/// People are told so long before Synops itself goes down.
pub const ANNOUNCED_AHEAD: Duration = Duration::from_secs(24 * 3600);
/// A server that stops waits so long, at most, until the others of its turn have closed, too.
pub const CLOSED_TOGETHER_MAX: Duration = Duration::from_secs(10);
/// Jobs, schedules or systems that one forecast tells of.
pub const FORECAST_ROWS_MAX: i64 = 500;

/// Siblings put in order by one request.
pub const ORDER_IDS_MAX: usize = 200;
/// Environments, or groups, that a view names.
pub const VIEW_IDS_MAX: usize = 50;
/// Systems that a view names one by one: as many as are chosen at once on the page.
pub const VIEW_SYSTEMS_MAX: usize = 200;
pub const CONTACT_ROLE_MAX_CHARS: usize = 100;
/// Systems asked about by one request.
pub const BULK_IDS_MAX: usize = 500;
/// Dependencies looked through for the way that a circle would run.
pub const DEPENDENCIES_SEARCHED_MAX: i64 = 20_000;
/// Systems of that way that are named.
pub const CIRCLE_NAMED_MAX: usize = 20;

pub const INCIDENT_AFFECTS_MAX: usize = 200;
/// How far a caller's clock may be ahead.
pub const INCIDENT_AHEAD_MAX: Duration = Duration::from_secs(60);
/// Incidents told of one system when many are asked about.
pub const INCIDENTS_PER_SYSTEM_MAX: usize = 50;
/// For how long a system is down before it gets an incident by itself.
pub const INCIDENT_AFTER_MAX_S: i32 = 86_400;
/// Incidents opened or resolved by rule in one round.
pub const INCIDENTS_AT_ONCE: i64 = 100;
/// A user name or host of a connection.
pub const CONNECTION_TEXT_MAX_BYTES: usize = 253;
pub const CONNECTION_SECRET_MAX_BYTES: usize = 2_048;
/// What a peer answered, as it is shown.
pub const CONNECTION_ANSWER_MAX_CHARS: usize = 300;
/// How much of a peer's answer is read.
pub const CONNECTION_ANSWER_MAX_BYTES: usize = 4_096;
/// From the name's look-up to the peer's answer.
pub const DELIVERY_TIMEOUT: Duration = Duration::from_secs(20);
/// People and connections that one event is told to by one statement.
pub const RECIPIENTS_PER_BATCH: usize = 1_000;
/// Systems that one message names.
pub const NOTICE_SYSTEMS_MAX: i64 = 10;
/// Systems and groups by which subscriptions are found.
pub const NOTICE_ABOUT_MAX: i64 = 10_000;
/// Of a person's text, as messages carry it.
pub const NOTICE_MESSAGE_MAX_CHARS: usize = 2_000;
pub const SUBSCRIPTIONS_PER_SUBSCRIBER_MAX: i64 = 200;
/// In the notification centre; older ones go.
pub const NOTIFICATIONS_PER_PERSON_MAX: i64 = 500;
pub const NOTIFICATIONS_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);
pub const DELIVERIES_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);
/// Notifications read or deleted by one request.
pub const NOTIFICATIONS_AT_ONCE_MAX: usize = 500;
/// One part of a template.
pub const TEMPLATE_MAX_BYTES: usize = 8_192;
/// Of all templates of a connection.
pub const TEMPLATES_MAX: usize = 64;
/// What a template makes.
pub const TEMPLATE_OUTPUT_MAX_BYTES: usize = 65_536;
/// Steps that a template may take.
pub const TEMPLATE_FUEL: u64 = 20_000;
/// Times before a maintenance at which people are reminded.
pub const REMINDERS_MAX: usize = 10;
/// Announcements ordered by one request.
pub const ANNOUNCEMENTS_ORDERED_MAX: usize = 200;
/// Bounds of an announcement's schedule.
pub const ANNOUNCEMENT_AHEAD_MAX: Duration = Duration::from_secs(366 * 24 * 3600);

pub const STATUS_SLUG_MAX_CHARS: usize = 64;
pub const STATUS_HEADLINE_MAX_CHARS: usize = 300;
pub const STATUS_LABEL_MAX_CHARS: usize = 100;
pub const STATUS_HISTORY_MAX_DAYS: i32 = 90;
pub const STATUS_ENTRIES_MAX: usize = 100;
/// Systems on one page, those in its groups included; more are left out.
pub const STATUS_SYSTEMS_MAX: i64 = 200;
/// Maintenances or incidents on one page: what is planned or past is cut there.
pub const STATUS_NOTICES_MAX: i64 = 50;
/// How far ahead a page tells of what is planned.
pub const STATUS_AHEAD_MAX: Duration = Duration::from_secs(60 * 24 * 3600);
/// Updates of one maintenance or incident on a page: the newest.
pub const STATUS_UPDATES_MAX: i64 = 20;
/// A page's readers are told at most so often that it has changed.
pub const STATUS_SIGNAL_EVERY: Duration = Duration::from_secs(1);
/// Pages that one socket may watch.
pub const STATUS_TOPICS_PER_SOCKET_MAX: usize = 4;
/// Pages kept in memory for those who watch them.
pub const STATUS_PAGES_KEPT: usize = 256;
/// From one address, within a minute.
pub const STATUS_SUBSCRIPTIONS_PER_MINUTE: u32 = 5;
/// Each is written a delivery in the transaction of what they are told. Those who confirm while a page is nearly
/// full may be more, by as many as may wait for it.
pub const STATUS_SUBSCRIBERS_PER_PAGE_MAX: i64 = 10_000;
/// Addresses that anybody may have written there: the oldest go first, and keep nobody away who confirms.
pub const STATUS_UNCONFIRMED_PER_PAGE_MAX: i64 = 1_000;
/// Of pages that show what one maintenance or incident affects.
pub const STATUS_PAGES_TOLD_MAX: i64 = 50;
/// In which a subscription by mail must be confirmed.
pub const STATUS_CONFIRM_LASTS: Duration = Duration::from_secs(7 * 24 * 3600);
pub const EMAIL_MAX_CHARS: usize = 254;

/// Maintenances told of one system, of many asked about at once.
pub const MAINTENANCES_PER_SYSTEM_MAX: usize = 50;
pub const MAINTENANCES_CLOSED_AT_ONCE_MAX: usize = 200;
/// How far back a calendar goes, and how much is in it.
pub const CALENDAR_PAST: Duration = Duration::from_secs(90 * 24 * 3600);
pub const CALENDAR_EVENTS_MAX: i64 = 1_000;
pub const SERIES_RULE_MAX_BYTES: usize = 500;
pub const SERIES_WINDOWS_MAX: usize = 100;
pub const SERIES_EXCLUDED_MAX: usize = 1_000;
/// How far ahead, and how many, windows of a series are made.
pub const SERIES_AHEAD: Duration = Duration::from_secs(60 * 24 * 3600);
pub const SERIES_AHEAD_MAX: usize = 100;
/// The clock looks so often whether a series has more windows to make.
pub const SERIES_LOOK: Duration = Duration::from_secs(3600);
/// Windows that a preview shows at most.
pub const SERIES_PREVIEW_MAX: usize = 100;

/// A frame of a device, from its first byte to its CRC; those of codecs 8 and 8E have 1,280 at most, as their
/// vendor says.
pub const TELEMETRY_FRAME_MAX_BYTES: usize = 16_384;
pub const TELEMETRY_DATAGRAM_MAX_BYTES: usize = 2_048;
/// Devices connected to one server at once, at most; the next is turned away.
pub const TELEMETRY_CONNECTIONS_MAX: usize = 20_000;
/// From being connected to having introduced itself.
pub const TELEMETRY_HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// From a frame's first byte to its last.
pub const TELEMETRY_FRAME_WITHIN: Duration = Duration::from_secs(30);
/// A device that says nothing for so long is let go; it comes again when it has something to say.
pub const TELEMETRY_IDLE_MAX: Duration = Duration::from_secs(15 * 60);
/// For an answer to leave: a device that takes none is gone.
pub const TELEMETRY_ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Frames that wait to be kept in each lane, at most; devices wait then.
pub const TELEMETRY_FRAMES_WAITING_MAX: usize = 1_024;
/// A batch is kept when it has so many records …
pub const TELEMETRY_BATCH_RECORDS_MAX: usize = 5_000;
/// … or its first has waited for so long.
pub const TELEMETRY_BATCH_WAITS: Duration = Duration::from_millis(20);
/// The same frame is refused so often; then it goes to the desk, and the device is let off.
pub const TELEMETRY_ATTEMPTS_MAX: i16 = 5;
/// Letters that a device may put on the desk in an hour; more of what can't be kept is counted in the last.
pub const TELEMETRY_LETTERS_PER_HOUR_MAX: u32 = 100;
/// Records that are read of one connection in a second, at most. Devices tell of each second at most; one that comes
/// back with a full memory is read at this rate.
pub const TELEMETRY_RECORDS_PER_CONNECTION_S_MAX: u32 = 2_000;
/// The same of all connections and packets of a server together.
pub const TELEMETRY_RECORDS_S_MAX: u32 = 200_000;
/// Devices that nobody has made are made by themselves, where that is set, so many a minute.
pub const TELEMETRY_ENROLLED_PER_MINUTE_MAX: u32 = 60;
/// Whose IMEI was looked up is believed to be there for so long; over UDP each packet has one.
pub const TELEMETRY_KNOWN_FOR: Duration = Duration::from_secs(30);
/// … and to be nobody's for so long.
pub const TELEMETRY_UNKNOWN_FOR: Duration = Duration::from_secs(5);
/// A shard of the stream holds so many frames, at most: then devices wait. Of 1,280 bytes each, with what the
/// stream adds, 150 MB.
pub const TELEMETRY_SHARD_FRAMES_MAX: usize = 100_000;
/// Shards that devices are spread over; more than processors, since each has whole ones.
pub const TELEMETRY_SHARDS_MAX: u32 = 64;
/// Frames that a processor reads at once, of all its shards together.
pub const TELEMETRY_FRAMES_READ_MAX: usize = 1_024;
/// For a frame to be taken by the stream, waiting for room included; then the device is to send it again.
pub const TELEMETRY_APPEND_WITHIN: Duration = Duration::from_secs(5);
/// A processor owns a shard for so long from its last word; then another takes it over.
pub const TELEMETRY_LEASE: Duration = Duration::from_secs(10);
/// So often it says so, and looks who else is there.
pub const TELEMETRY_LEASE_RENEWED_EVERY: Duration = Duration::from_secs(1);
/// So often a shard's owner looks for entries that were read and not acknowledged (it does so first of all, too).
pub const TELEMETRY_CLAIM_EVERY: Duration = Duration::from_secs(30);
/// Frames put aside by the stream itself, at most; all of them are dead letters too.
pub const TELEMETRY_PUT_ASIDE_MAX: usize = 10_000;
/// A device that was not heard of for so long is offline.
pub const DEVICE_OFFLINE_AFTER: Duration = Duration::from_secs(10 * 60);
/// What the byte that counts them can say.
pub const TELEMETRY_RECORDS_PER_FRAME_MAX: usize = 255;
pub const TELEMETRY_IO_PER_RECORD_MAX: usize = 512;
pub const TELEMETRY_COMMAND_MAX_BYTES: usize = 512;

pub const FENCE_POINTS_MIN: usize = 3;
pub const FENCE_POINTS_MAX: usize = 500;
pub const FENCE_RADIUS_MIN_M: f64 = 10.0;
pub const FENCE_RADIUS_MAX_M: f64 = 500_000.0;
/// From west to east; a ring around a pole would have more.
pub const FENCE_SPAN_MAX_DEGREES: f64 = 180.0;
pub const FENCE_DWELL_MAX_S: i32 = 30 * 86_400;
/// Fences that a device is in at once.
pub const FENCES_INSIDE_MAX: usize = 100;

/// How far ahead of its receipt a record's time may be; beyond, it is a dead letter.
pub const TELEMETRY_AHEAD_MAX: Duration = Duration::from_secs(3_600);
/// Up to here it is a clock that isn't quite right, and the position may be true.
pub const TELEMETRY_AHEAD_TRUE_MAX: Duration = Duration::from_secs(120);
/// Nothing that carries a device is faster, and no fix is off by more.
pub const TELEMETRY_SPEED_MAX_KMH: f64 = 350.0;
pub const TELEMETRY_JUMP_SLACK_M: f64 = 500.0;
/// So many positions in a row that agree with each other are believed against the one before them.
pub const TELEMETRY_JUMPS_BELIEVED: u32 = 5;
/// From this speed on a device moves; from the lower one down it may stand.
pub const TELEMETRY_MOVING_KMH: i16 = 6;
pub const TELEMETRY_STILL_KMH: i16 = 3;
/// A speed alone is noise until the device is so far from where it stood.
pub const TELEMETRY_MOVED_M: f64 = 30.0;
/// So far away it has moved whatever its speed says.
pub const TELEMETRY_CARRIED_M: f64 = 200.0;
/// A stop is one after so long (at once when the ignition is off).
pub const TELEMETRY_STOP_AFTER: Duration = Duration::from_secs(180);
/// What happens in a longer silence isn't known: a trip ends before it.
pub const TELEMETRY_GAP: Duration = Duration::from_secs(1_800);
/// Windows of a map that one socket may look at.
pub const MAP_WINDOWS_PER_SOCKET_MAX: usize = 4;
/// Devices in one frame of a map.
pub const POSITIONS_PER_FRAME_MAX: usize = 200;
/// Where devices are is read so often at most, however often it is told that they move.
pub const MOVEMENTS_READ_EVERY: Duration = Duration::from_millis(100);
pub const MOVEMENTS_RECONNECT_PAUSE: Duration = Duration::from_secs(1);
/// Commands of one device that are neither answered nor given up.
pub const DEVICE_COMMANDS_OPEN_MAX: i64 = 20;
/// A device that does not answer for so long does not.
pub const DEVICE_COMMAND_ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// A command waits so long for its device to be there.
pub const DEVICE_COMMAND_SENT_WITHIN: Duration = Duration::from_secs(24 * 3_600);
/// Devices whose stories are told anew, one after the other, before it is looked again.
pub const RETOLD_AT_ONCE: i64 = 100;
/// How often, by event time, a device's state is kept to go back to. Such states are kept longer than
/// positions, by more than this.
pub const TELEMETRY_CHECKPOINT_EVERY: Duration = Duration::from_secs(6 * 3_600);

/// Of one message; longer texts are files.
pub const MESSAGE_MAX_BYTES: usize = 16_384;
/// The beginning of a message that stands for it where nodes have titles.
pub const MESSAGE_TITLE_MAX_CHARS: usize = 80;
/// Nodes that one text names; more are not told.
pub const MENTIONS_MAX: usize = 50;
/// People whom one message tells, teams counted by their members; beyond, nobody is told.
pub const MENTIONED_PEOPLE_MAX: usize = 200;
/// Who gave one of so many answers, the latest, is told of the next.
pub const VOICES_AMONG_ANSWERS: i64 = 500;
/// Of one message, all emojis together.
pub const REACTIONS_PER_MESSAGE_MAX: i64 = 200;
pub const EMOJIS_PER_MESSAGE_MAX: i64 = 20;
pub const PINS_PER_CHANNEL_MAX: i64 = 100;
/// Former texts of one message that are kept; the oldest go first.
pub const MESSAGE_EDITS_MAX: i64 = 100;
/// What a reader of a channel is given first, at most.
pub const CHANNEL_ROWS_MAX: i64 = 200;
pub const CHANNEL_HISTORY_MAX_DAYS: i32 = 366;
/// Channels whose marks are told at once.
pub const CHANNELS_MARKED_MAX: i64 = 1_000;
pub const FILES_PER_MESSAGE_MAX: usize = 20;

/// One file that goes along with a message, unless the configuration says otherwise.
pub const FILE_MAX_BYTES_DEFAULT: u64 = 25 * 1024 * 1024;
pub const FILE_NAME_MAX_CHARS: usize = 200;
/// A name of a kind of files.
pub const FILE_TYPE_MAX_BYTES: usize = 127;
/// Kinds of files that the configuration may name.
pub const FILE_TYPES_MAX: usize = 100;
/// By its first bytes a file's kind is known.
pub const FILE_HEAD_BYTES: usize = 8_192;
/// An upload may take longer than other requests …
pub const UPLOAD_TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// … but not without sending anything.
pub const UPLOAD_IDLE_MAX: Duration = Duration::from_secs(30);
/// On one server.
pub const UPLOADS_AT_ONCE: usize = 16;
/// Of these, by one person: as many as a browser sends.
pub const UPLOADS_AT_ONCE_PER_PERSON: usize = 6;
/// What still comes of an upload that was refused is read and thrown away, so that the answer arrives.
pub const UPLOAD_REST_MAX_BYTES: u64 = 64 * 1024 * 1024;
pub const UPLOAD_REST_MAX: Duration = Duration::from_secs(30);
/// What somebody has uploaded and not sent along with a message, …
pub const FILES_UNSENT_PER_PERSON_MAX: i64 = 100;
/// … and for how long it is kept.
pub const FILES_UNSENT_KEPT: Duration = Duration::from_secs(24 * 3600);
/// A file that was being received is a crash's when nobody has written to it for so long. No upload takes as long.
pub const FILE_DRAFTS_KEPT: Duration = Duration::from_secs(3600);
/// Contents of one directory that upkeep looks at in a pass; there are 256 directories.
pub const FILES_PER_DIRECTORY_MAX: usize = 100_000;
/// A browser may keep a file for so long before it asks again.
pub const FILE_CACHED: Duration = Duration::from_secs(3600);

/// A key that has grown beyond this has its column put in order anew.
pub const ORDER_KEY_MAX_BYTES: usize = 100;
pub const COLUMNS_PER_BOARD_MAX: i64 = 50;
pub const CARDS_PER_BOARD_MAX: i64 = 2_000;
/// Former versions of one note that are kept; the oldest go first.
pub const NOTE_VERSIONS_MAX: i64 = 500;

/// People of one channel that are told of; beyond, somebody is there without being named. As many as a NOTIFY holds.
pub const PRESENCE_PEOPLE_MAX: usize = 100;
/// Who comes and goes is told so late at most, together with others.
pub const PRESENCE_TOLD_AFTER: Duration = Duration::from_millis(150);
/// A server repeats who is there so often …
pub const PRESENCE_TOLD_EVERY: Duration = Duration::from_secs(20);
/// … and is believed for so long.
pub const PRESENCE_KEPT: Duration = Duration::from_secs(50);
pub const PRESENCE_RECONNECT_PAUSE: Duration = Duration::from_secs(1);
/// Who types says so again within this time.
pub const TYPING_LASTS: Duration = Duration::from_secs(5);
