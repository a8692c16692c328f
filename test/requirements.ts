/** A promise that people rely on, with the place that makes it. */
export interface Requirement {
  /** Cited in brackets at the end of a test's title: `test('… [WEB-DUPLICATE]')`. */
  readonly id: string;
  readonly promise: string;
  readonly source: string;
}

/**
 * Every promise of the spine. `test/requirements.test.ts` fails while one of them is proven by no test under `test/`
 * or `proof/`, and when a test cites one that is not here.
 */
export const REQUIREMENTS: readonly Requirement[] = [
  ...section('issue 2 §1, the house', {
    'HOUSE-LAYERS': 'Rooms import only the rooms that the layer table allows, and files have no cycles.',
    'HOUSE-ERRORS-LISTED': 'Every error code is explained in docs/errors.md.',
    'HOUSE-CONFIG-DOC': 'docs/configuration.md is what the schema generates.',
    'HOUSE-LAUNCHER': 'bin/kairos runs the pinned Node under any Node from 20 on and passes on exit codes and signals.',
  }),
  ...section('MISSION 2, issue 2 §2, the ledger', {
    'LEDGER-COMMIT-BEFORE-ACK': 'An event is committed with its jobs before anybody is told that it was taken.',
    'LEDGER-GROUP-COMMIT': 'Events that arrive together share one commit, and each caller hears of its own outcome.',
    'LEDGER-DUPLICATE': 'The same delivery id from the same source is the same event, also across a restart.',
    'LEDGER-DURABLE-MODE': 'The database runs in WAL with synchronous=FULL and STRICT tables.',
    'LEDGER-TYPED-BIND': 'A value SQLite would silently bind as NULL is an error before it is written.',
    'LEDGER-MIGRATIONS': 'Migrations are numbered and forward-only; a newer database is refused, not damaged.',
    'LEDGER-BACKUP-FIRST': 'A backup is taken before a migration changes an existing database.',
    'LEDGER-PRIVATE-FILES': 'Every file of the ledger is readable by its owner only.',
    'LEDGER-RETENTION': 'Old rows are removed and their space is given back; delivery ids stay at least 30 days.',
    'LEDGER-DISK-FLOOR':
      'Below the disk floor new events are refused with DISK_FULL, nothing is half-written, and it recovers by itself.',
    'LEDGER-FAULTS': 'After an injected I/O or fsync error nothing acknowledged is lost and the error is clear.',
    'LEDGER-POWER-LOSS': 'Replaying every prefix of the writes and fsyncs loses no acknowledged event.',
    'LEDGER-KILL-NINE':
      'After kill -9 at random moments under load every 2xx is an event and every matched job reaches an end.',
  }),
  ...section('MISSION 5, CONTRACT HTTP, issue 2 §3, webhooks', {
    'WEB-ACCEPTED': 'A signed delivery is answered 202 {id, duplicate:false} after the commit.',
    'WEB-DUPLICATE':
      'A delivery id already taken is answered 200 {id, duplicate:true} and runs once, also across a restart.',
    'WEB-EXAMPLES': 'All 329 recorded GitHub payloads are accepted with the right event and action.',
    'WEB-VECTORS': 'Every published signature vector is judged as its sender says.',
    'WEB-PING': "GitHub's ping is answered 200.",
    'WEB-401': 'Forged, wrong-length and missing signatures are 401 and no answer says why.',
    'WEB-STALE': 'A signed timestamp more than five minutes off is 401.',
    'WEB-404': 'An unknown source is 404.',
    'WEB-413': 'Exactly 25 MiB is accepted and one byte more is 413.',
    'WEB-415': 'A content type other than JSON or form is 415.',
    'WEB-400-CUT': 'A body cut short is 400 and leaves nothing in the ledger.',
    'WEB-CHECK-ORDER': 'Checks run in the order 404, 413, 401, 415, 400.',
    'WEB-UNPARSABLE': 'A complete, signed body that does not parse is 202 and kept as it is, type from the header.',
    'WEB-FORM': 'A form body with payload= is verified over its raw bytes and read.',
    'WEB-RAW-BYTES': 'Split multi-byte characters, non-UTF-8 bytes and __proto__ are verified and kept byte for byte.',
    'WEB-CONSTANT-TIME': 'Secrets are compared in constant time whatever their length.',
    'WEB-ROTATION': 'A source with several secrets accepts each of them.',
    'WEB-LARGE-OFF-LOOP': 'A large body is parsed off the event loop, which is never blocked for more than 50 ms.',
    'WEB-SLOW-LORIS': 'A sender that trickles its request is closed.',
    'WEB-SHED': 'When it must shed, it answers 503 or 429 with Retry-After and accepts again by itself.',
    'WEB-STORM': 'A storm from one source becomes one job that counts its events; every event is kept.',
    'WEB-SOURCES':
      'github, standard, slack, telegram, gitlab and bearer each accept what is signed and refuse what is not.',
  }),
  ...section('MISSION 5, CONTRACT config.yaml, subscriptions', {
    'SUB-MATCH': 'A subscription selects by source, event, action, repository, author and declarative payload filters.',
    'SUB-TEMPLATE': 'Topic and text are rendered from the payload; a missing field and hostile text are harmless.',
    'SUB-OUTSIDE-TRUST': 'Text from outside never makes a job urgent or reactive.',
    'SUB-ACTIONS': 'log, notify and digest work; agent jobs are recorded and shown as waiting for a model.',
    'SUB-RESOLVE': 'A resolving event withdraws the queued alert of its topic.',
  }),
  ...section('MISSION 2 and 3, issue 2 §4, dispatch', {
    'DISPATCH-ATTEMPT-FIRST': 'The attempt is written before the attempt is made.',
    'DISPATCH-LEASE': 'A job whose lease ran out is claimed again, and its late first holder can settle nothing.',
    'DISPATCH-RETRY': 'A failed attempt is retried with growing backoff up to a limit.',
    'DISPATCH-DEAD-LETTER': 'A poison job ends in the dead letters with exactly one notification, and can be requeued.',
    'DISPATCH-SETTLE-ONCE': 'A job and its effects are settled in one transaction, however often it runs.',
    'DISPATCH-REACTIVE-FIRST': 'Reactive jobs are claimed before everything else.',
    'DISPATCH-DRAIN': 'On stop running jobs may finish within the drain time; then they are aborted and handed back.',
    'DISPATCH-RECOVERY': 'What was in flight when the process died is taken up again on start.',
  }),
  ...section('MISSION 4, issue 2 §5, message windows', {
    'WINDOW-TWO-PER-15S':
      'No 15-second interval holds more than 2 proactive messages, across restarts and clock jumps.',
    'WINDOW-SIX-PER-HOUR': 'No hour holds more than 6 proactive messages, across restarts and clock jumps.',
    'WINDOW-QUIET-HOURS': 'In quiet hours proactive messages wait, over midnight and changes of the clock.',
    'WINDOW-COALESCE': 'Waiting messages of one topic go out as one.',
    'WINDOW-TTL': 'A message that waited too long expires with a logged reason.',
    'WINDOW-NOTHING-VANISHES': 'Every message ends sent, coalesced, withdrawn, expired or failed, with a reason.',
    'WINDOW-URGENT':
      "Only the owner's configuration makes a message urgent, and urgent messages have a small window of their own.",
    'WINDOW-MUTE': 'A mute holds proactive messages, all or of a topic, until it ends.',
    'WINDOW-REACTIVE': 'A reply to a recorded user event leaves at once; without such an event it is no reply.',
    'WINDOW-REACTIVE-CAP': 'From the sixth reply to one event on, replies count as proactive.',
  }),
  ...section('MISSION 6, issue 2 §5, the outbox', {
    'OUTBOX-ONE-KEY': 'Every attempt of a message carries the same idempotency key, and no two messages share one.',
    'OUTBOX-AT-LEAST-ONCE': 'A notification that was queued leaves at least once, whatever dies in between.',
    'OUTBOX-BACKOFF': 'A failing channel is retried with growing backoff, and Retry-After is obeyed.',
    'OUTBOX-DEAD-CHANNEL': 'One dead channel never holds the others.',
    'OUTBOX-DELIVERY-RECORD': 'Each channel has its own delivery record; a message counts once against the windows.',
    'OUTBOX-SIGNED': 'The outgoing webhook carries a Standard Webhooks signature that its receiver can verify.',
    'OUTBOX-WITHDRAW':
      'A withdrawn message that has not left does not leave; one that has is followed by its resolution.',
  }),
  ...section('MISSION 1, issue 2 §6, the daemon', {
    'DAEMON-SECOND-START-EXIT-4': 'A second start on one home says who holds it and exits with 4.',
    'DAEMON-STALE-HOLDER': 'After kill -9 the next start takes the home at once, PID reuse included.',
    'DAEMON-STOP-ORDER': 'Parts stop in the reverse of their start order, also after a failed start.',
    'DAEMON-STOP-BOUNDED': 'SIGTERM ends it within a bounded time; a second signal exits at once with its own code.',
    'DAEMON-READY':
      'Ready means that the ledger is recovered and the doors are open; until then /readyz says what is missing.',
    'DAEMON-RUN-JSON': 'run.json holds pid, url and startedAt, and token is 0600.',
    'DAEMON-CLOCK-JUMP': 'A sleep or clock jump is one event, never a burst.',
    'DAEMON-SOCKET': 'It serves an inherited socket (LISTEN_FDS) as well as its own.',
    'SAFE-MODE-THREE-UNCLEAN':
      'Three unclean boots in ten minutes start it in safe mode: doors and notifications only.',
    'CONFIG-STRICT': 'A wrong or unknown key in config.yaml is an error with line and column, and start exits with 5.',
    'CONFIG-DEFAULTS': 'Without a configuration it runs; github exists as soon as its secret does.',
    'JOURNAL-LINE': 'Each happening is one line of the daily log with time, kind and id, appended in local time.',
    'METRICS-PROMETHEUS': '/metrics answers in the Prometheus format.',
  }),
  ...section('MISSION 21, secrets', {
    'REDACT-EVERY-SINK': 'No secret reaches a log, message, daily log, error or answer.',
    'REDACT-BY-VALUE': 'Every configured secret is taken out by its value, also inside other text and encodings.',
    'REDACT-BY-SHAPE': 'Keys and tokens of known shapes are taken out without being configured.',
    'REDACT-LINEAR': 'Redaction takes linear time on hostile text.',
  }),
  ...section('CONTRACT, command line', {
    'CLI-EXIT-CODES': 'Commands exit with 0, 1, 2, 3, 4 or 5 as the contract says, errors on stderr with what to do.',
    'CLI-HELP': 'Every command has --help with an example.',
    'CLI-JSON': 'Every command answers --json with the fields of the contract.',
    'CLI-LISTS': 'Lists take --limit and --since.',
    'CLI-INIT': 'init --yes makes a home of mode 0700 that config check accepts, and never overwrites one.',
    'CLI-DOCTOR': 'doctor finds what is wrong and says how to fix it, also without a daemon.',
    'CLI-WEBHOOK-ADD': 'webhook add prints the URL, the secret and the exact steps.',
    'CLI-WEBHOOK-REPLAY': 'webhook test and replay send a signed delivery that the daemon takes.',
    'CLI-CONFIG-SCHEMA': 'config schema is a JSON Schema that accepts what config check accepts.',
    'CLI-DEMO':
      'The demo shows real deliveries, duplicates, forgeries and a kill -9 with nothing missing, in under a minute.',
  }),
  ...section('CONTRACT, HTTP', {
    'HTTP-TOKEN': 'Everything but webhooks, health and static files needs the API token.',
    'HTTP-ORIGIN': 'A foreign Host or Origin is refused.',
    'HTTP-HEALTH': '/healthz answers 200 {status, version, uptimeMs}; /readyz 200, or 503 with what is not ready.',
    'HTTP-PROBLEM': 'Errors are RFC 9457 problem documents with our code and no secret, stack or text of an outsider.',
    'HTTP-LISTS': 'Lists answer {items, next}, newest first, with limit and after, and next null at the end.',
    'HTTP-FIELDS': 'Events, jobs and messages carry the fields and ISO 8601 times of the contract.',
    'HTTP-SAY': 'POST /api/say records a user event and its reply is reactive.',
    'HTTP-REQUEUE': 'POST /api/jobs/:id/requeue takes a dead job up again and refuses one in another state.',
  }),
  ...section('issue 3 §6, hot reload', {
    'CONFIG-HOT-RELOAD': 'An edit is taken up while the daemon runs; an invalid one is refused with line and column.',
  }),
  ...section('MISSION 4, issue 3 §2, the blocking budget', {
    'BLOCKING-LANES': 'There is one foreground; what the owner asks for takes it at once, and short ideas take turns.',
    'BLOCKING-HAND-OVER': 'Proactive work that holds the foreground for 15 s goes on in the background, undisturbed.',
    'BLOCKING-DEFERRED': 'What its history expects to take longer begins in the background.',
    'BLOCKING-END-IS-AN-EVENT': 'The end of a job that went on in the background is an event, recorded with its end.',
    'BLOCKING-STATISTICS': 'kairos budget shows who holds the foreground, what runs behind, and how long work takes.',
  }),
  ...section('issue 3 §5, MISSION 5, GitHub without a tunnel', {
    'POLL-SAME-EVENTS': 'What is polled is the event the webhook would have been: type, action, topic, default text.',
    'POLL-DEDUPE': 'A happening that comes by webhook and by polling is one event, in either order.',
    'POLL-EXACTLY-ONCE': 'Killed at any moment, polling loses nothing and takes nothing twice.',
    'POLL-FIRST-LOOK': 'The first look tells nothing of what was there before.',
    'POLL-ETAG': 'A look at nothing new is answered 304 and costs none of the rate limit.',
    'POLL-RATE-LIMIT':
      'At a rate limit nothing is asked before the time GitHub names, and some requests are left to others.',
    'POLL-FAULTS':
      '5xx, silence, closed connections, garbage and huge answers lose nothing and are not answered by hammering.',
    'POLL-TROUBLE': 'A refused token or a wrong name is told once, clearly, and asked about rarely.',
  }),
  ...section('issue 3 §3, MISSION 6, the phone channels', {
    'CHANNEL-NOTHING-LOST':
      'Whatever a far side does (429, 500, silence, closing, garbage), the message arrives in the end.',
    'CHANNEL-NO-HAMMERING': 'One mechanism retries: an attempt is one request, Retry-After is obeyed, waits grow.',
    'CHANNEL-DOUBLES': 'A message is doubled only where the far side cannot be asked, and its record says so.',
    'CHANNEL-TEXT-SAFE': 'Text from outside neither formats nor mentions anybody, and fits.',
    'CHANNEL-REFUSED-ADVICE': 'What a service refuses for good says what to do, and never shows the token.',
    'CHANNEL-THREADS': 'Messages of a topic stand together for a day; a lost thread loses no message.',
    'CHANNEL-EDIT-IN-PLACE':
      'An alert that grows is changed where it stands, durably, without a sound; if it cannot be, it is sent anew through the window.',
  }),
  ...section('MISSION 7, issue 3 §4, the digest and the heartbeat', {
    'DIGEST-EQUALS-LEDGER':
      'The figures of a digest equal the ledger to the last row, whatever the clock did that day.',
    'DIGEST-SECTIONS': 'A digest says what failed, what waits, what was held back, then what came in and was done.',
    'DIGEST-PHONE': 'The digest that is sent has at most 1 500 characters, the most important first.',
    'DIGEST-FILE': 'The file of a digest is written whole, or the old one stays, readable by its owner only.',
    'DIGEST-ONCE': 'A digest whose daemon dies in the middle is the same file and one message.',
    'DIGEST-OFFLINE': 'kairos digest works without a running daemon and writes nothing.',
    'DIGEST-ASKED': 'The owner who says "digest" gets today so far as a reply.',
    'HEARTBEAT-PING': 'While all is well an outside address is called as often as configured.',
    'HEARTBEAT-HONEST': 'A daemon that does not do its work says so to the outside address instead of being well.',
    'HEARTBEAT-NO-STORM': 'After a sleep or a set clock the outside address is called once.',
    'HEARTBEAT-QUIET': 'Pings that do not arrive are at most one warning an hour, without the address.',
  }),
  ...section('issue 3 §1, MISSION 3, the scheduler', {
    'SCHED-CONFIG':
      'A schedule has exactly one of cron, every and at; what is wrong or has no effect is refused by name.',
    'CRON-DST':
      'A fixed time in a gap runs at its end, in a repeated hour the first time; steps and wildcards run at every instant.',
    'CRON-DAYS-OR': 'Day of month and day of week combine with OR, as in crontab.',
    'SCHED-EVERY-SLOT-ONCE':
      'Through clock changes, sleeps, steps of the clock, blocked loops and restarts each slot is run once or shown as missed.',
    'SCHED-ON-TIME': 'A run begins at its second.',
    'SCHED-ONE-ROAD': 'A slot is an event of the owner with its job, under a delivery id of its own.',
    'SLOT-ONE-TRANSACTION': 'Event, job, slot and what was missed before it are recorded in one transaction.',
    'SLOT-ONCE': 'A slot is one event however often it is recorded.',
    'SCHED-CATCH-UP':
      'Late slots follow catchUp: skip, once or all (capped); the missed ones are visible with a reason.',
    'SCHED-OVERLAP': 'A slot that is due while the run before has not ended does not run beside it, and is visible.',
    'SCHED-JITTER': 'Jitter comes from the name alone and moves the run, not the slot.',
    'SCHED-SET-BACK': 'A clock that is set back repeats no run and stops no schedule.',
    'SCHED-RESTART': 'What was due while the daemon was away is made up for by policy, and once.',
    'SCHED-RELOAD': 'Other schedules take the place of the old ones without losing or doubling a slot.',
    'SCHED-RUN-NOW': 'A run by hand is an event beside the slots and goes first.',
    'SCHED-SAFE-MODE': 'In safe mode no schedule runs; afterwards they are made up for by policy.',
    'SCHED-RUN-RECORD': 'Each attempt has a record in which "ended" and "succeeded" are two fields.',
    'SCHED-LIST': 'Schedules are listed in words with their next runs, the last one and the missed ones.',
    'SCHED-MANY': 'Ten thousand schedules cost nothing while none is due.',
    'COMMAND-NO-SHELL': 'A command is started without a shell.',
    'COMMAND-NO-SECRETS': 'A command sees the environment it is given and nothing of the daemon.',
    'COMMAND-OUTPUT': 'What a command prints goes, redacted and capped, into a file of its owner.',
    'COMMAND-TIMEOUT': 'A command that takes too long is asked to end, then killed, with all its group.',
  }),
  ...section('CONTRACT, issue 3 §1, what happens by the clock is seen and asked for', {
    'HTTP-SCHEDULES':
      'The API lists schedules in pages, shows one, and runs one when asked, unless a run is under way.',
    'HTTP-STATUS-WORK': 'The status says what runs, what is next, what was missed, and how polling and heartbeat are.',
    'CLI-SCHEDULES':
      'kairos schedules shows when each is due in words, its last run and what was missed; kairos run waits for the end.',
    'DOCTOR-SCHEDULES':
      'The doctor finds schedules that are never due, whose program or folder is missing, or that missed runs.',
  }),
  ...section('issue 3, must be shown: a simulated week', {
    'WEEK-NOTHING-VANISHES':
      'Over a week with sleeps, crashes, storms and a failing receiver each event is one row and each message accounted for.',
    'WEEK-SLOTS': 'Over such a week, a change of the clocks included, every slot is run once or shown as missed.',
    'WEEK-WINDOWS': 'Over such a week no window is overfilled by the clock of the receiver.',
    'WEEK-LOG-AND-DIGEST': 'After such a week log and digests agree with the ledger to the last line.',
  }),
];

function section(source: string, promises: Readonly<Record<string, string>>): Requirement[] {
  return Object.entries(promises).map(([id, promise]) => ({ id, promise, source }));
}
