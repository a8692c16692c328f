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
  ...section('MISSION 22, issue 6 §1, the service', {
    'SERVICE-UNITS': 'The units of every kind are their golden files, and systemd-analyze verify finds nothing wrong.',
    'SERVICE-HARDENED':
      'The exposure of the unit is at most 1.5 without the shell tool, and 2.6 with bubblewrap allowed.',
    'SERVICE-PLIST': 'The property lists parse and hold what launchd knows, and nothing else.',
    'SERVICE-PRINT': 'install --print writes the units of any kind on any platform to stdout and touches nothing.',
    'SERVICE-INSTALL':
      'install places, writes, starts and verifies; again it has nothing to do; what fails is put back as it was.',
    'SERVICE-UNINSTALL': 'uninstall stops the service and removes its files, never the home.',
    'SERVICE-REFUSE':
      'install refuses what cannot work here, and a home that a daemon started by hand holds, with what to do.',
    'SERVICE-LAUNCHD': 'launchd is told and then asked: a service that is still leaving is waited for.',
    'SERVICE-NOTIFY': 'systemd hears READY, STATUS and STOPPING; no child sees its socket.',
    'SERVICE-WATCHDOG':
      'The watchdog is fed only after the self-check passed, and not starved for what a restart cannot mend.',
    'SERVICE-GUARDIAN': 'Where the supervisor has no watchdog, a wedged process is killed all the same.',
    'SERVICE-EXIT-CODES': 'Exit codes tell each supervisor whether to start it again.',
    'SERVICE-SOCKET': '20 of 20 requests sent over a death of two seconds are answered.',
  }),
  ...section('MISSION 22, issue 6 §2, package and upgrade', {
    'PACKAGE-CONTENTS':
      'The package holds what an installation needs, no tests, no secrets and nothing of the machine it was made on.',
    'PACKAGE-SAME': 'The same source makes the same package.',
    'PACKAGE-INSTALL':
      'Installed by a fresh user it runs without TypeScript up to its first signed webhook, in under 130 MiB of packages.',
    'UPGRADE-PLACE':
      'A version is placed whole or not at all, once, with its packages and its Node, and never changed.',
    'UPGRADE-PRUNE': 'Old versions are removed, never the current one, the two placed last or one that a trial needs.',
    'UPGRADE-SOURCE-GONE': 'Removing what a version was installed from does not touch the running service.',
    'UPGRADE-REHEARSAL': 'A rehearsal opens everything on a copy of the home, and nothing leaves it.',
    'UPGRADE-FALLBACK':
      'A version that ends before it is ready is followed by the one before, with the ledger as it was.',
    'UPGRADE-ACCEPTED': 'A version that was ready is not taken back.',
    'UPGRADE-TRIAL': 'On trial nothing is claimed, sent, fetched or answered before everything is open.',
    'UPGRADE-KILL-NINE':
      'Killed at any step of a first start or of the way back, the next start finds a version and every row.',
    'UPGRADE-DOWNGRADE': 'A version older than the ledger refuses to start, says so, and changes nothing.',
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
  ...section('MISSION 6, issue 4 §6, inbound chat', {
    'CHAT-ALLOW-LIST': 'Only a person on the allow list, in the configured chat or alone with the bot, is obeyed.',
    'CHAT-USER-EVENT': 'What the owner says or presses in a chat is a recorded event of the owner, once.',
    'CHAT-STRANGER':
      'Words of others are outside events at most, lead to nothing by themselves, and are never answered.',
    'CHAT-POLLING-ONCE':
      'Listening to Telegram without an open port loses nothing and takes nothing twice, killed at any moment.',
    'CHAT-SOCKET':
      'Over Socket Mode a delivery of Slack is acknowledged after its commit, and a lost line is opened anew.',
    'CHAT-POLLING-TROUBLE': 'A webhook in the way, another listener or a refused token is told once, clearly.',
    'CHAT-SAME-PLACE': 'An answer goes to the chat and thread its question came from, and nowhere else.',
    'CHAT-COMMANDS': 'From a chat the owner can pause, resume, mute, ask for status, digest and approvals, and decide.',
    'CHAT-BUTTONS-BOUND':
      'A button decides exactly the call that was shown, by somebody allowed, once; the message then shows the outcome.',
    'CHAT-PRESENCE':
      'While the owner is active on one channel, proactive messages go only there; if it fails, to the others.',
    'CHAT-SLACK-ANSWERS': 'Slash commands and interactions of Slack are answered 200, without a word of ours.',
    'OUTBOX-CHANNEL': 'A message for one channel goes to that channel only; for an unknown one, to all.',
  }),
  ...section('issue 3, must be shown: a simulated week', {
    'WEEK-NOTHING-VANISHES':
      'Over a week with sleeps, crashes, storms and a failing receiver each event is one row and each message accounted for.',
    'WEEK-SLOTS': 'Over such a week, a change of the clocks included, every slot is run once or shown as missed.',
    'WEEK-WINDOWS': 'Over such a week no window is overfilled by the clock of the receiver.',
    'WEEK-LOG-AND-DIGEST': 'After such a week log and digests agree with the ledger to the last line.',
  }),
  ...section('CONTRACT, issue 4, the agent over HTTP and the command line', {
    'HTTP-APPROVALS':
      'Approvals are listed with exactly what they are about, and answered once; an answer to another call is refused.',
    'HTTP-SESSIONS': 'Sessions are listed and shown with their transcript, without secrets.',
    'HTTP-COST': 'The cost is shown by day and model in dollars, with the caps.',
    'HTTP-UNDO': 'What a run changed is shown as a patch and taken back, or it is said why not.',
    'HTTP-RUN-STREAM': 'A run can be watched live: what was said so far, what is said, and its end.',
    'TAINT-CHECKOUT': "A checkout of somebody else's branch is outside, even in the owner's repository.",
    'AGENT-KILL-SWITCH': 'The agent can be stopped by hand at once, stays so, and the status says so.',
  }),
  ...section('MISSION 11, issue 5 §1, memory', {
    'MEM-FORMAT': 'Topics are Markdown with front matter and one fact per bullet, as the contract says.',
    'MEM-INDEX': 'The index has a pointer to each topic, grouped by type, each under 150 characters.',
    'MEM-LIMITS': 'Index and topics stay within 200 lines and 25 KB, and an error says what to shorten.',
    'MEM-OWNER-KEPT': 'What a person wrote in a memory file is kept to the letter.',
    'MEM-APPLY-WHOLE':
      'Killed with -9 at any step of an apply, the memory is the old one or the new one, whole, for every reader.',
    'MEM-ROLLBACK-EXACT':
      'Taking a generation back restores byte for byte what it replaced, and can be taken back itself.',
    'MEM-CONCURRENT-EDIT':
      'What a person saves while kairosd writes is never lost: the change goes on top of it, or is given up and told.',
    'MEM-OWNER-FIRST': 'No operation changes, moves or overtakes a fact, a description or an edit of the owner.',
    'MEM-NO-OUTSIDE-USER': 'Text from outside never becomes a memory of type user or feedback, by any road.',
    'MEM-GENERATIONS': 'As many generations are kept as configured, always the newest, each with what it replaced.',
    'CLI-MEMORY':
      'kairos memory shows, compares and lists changes without a daemon, and takes them back with or without one.',
  }),
  ...section('MISSION 10, issue 4 §4, the permission gate', {
    'PERM-PROTECTED':
      'No spelling of a protected path is writable below HIGH: links, hard links, .., case, Unicode, /proc.',
    'PERM-SECRET-READS': 'Reading what may hold a secret is HIGH and counts as having read one, in workspaces too.',
    'PERM-TOOLS': 'Every tool is assessed by rules; an unknown tool and an input that is not understood are HIGH.',
    'PERM-FETCH':
      'Only hosts of the list are fetched without a word; addresses of any spelling and data in an address are HIGH.',
    'PERM-POLICY': 'LOW runs, MEDIUM goes by who began the run, HIGH asks; nothing worse ever makes an answer milder.',
    'PERM-TAINT':
      'Text from outside, a secret and a way out never come together in a run without a human, in any order.',
    'PERM-AFK': 'While the owner is away, MEDIUM calls wait for an answer as well.',
    'PERM-HAND-BACK': 'After 3 denials in a row or 20 in all the run hands back.',
    'PERM-BOUND': 'An approval holds for exactly one tool, input and directory, by the hash of its canonical JSON.',
    'PERM-SHOWN': 'What an approval shows hides nothing: no invisible character, no forged field, no silent cut.',
    'CLI-RISK':
      'kairos risk says what the gate would say without a daemon; --stdin answers every line with one line and never fails over one.',
  }),
  ...section('MISSION 9 and 10, issue 4 §3 to §5, shell, git, fetch and the sandbox', {
    'SANDBOX-NO-SECRETS':
      'Processes of tools have PATH, HOME, LANG, TZ and what keeps git quiet; no home of anybody is there.',
    'SANDBOX-PROC-HIDDEN': 'Processes outside the sandbox cannot be seen, read or signalled from inside.',
    'SANDBOX-NO-NETWORK':
      'Sandboxed commands reach no network, this machine included, unless the configuration says so.',
    'SANDBOX-PROTECTED':
      'No sandboxed command changes a protected file by any road; newly made ones are moved away and told.',
    'SANDBOX-DEADLINE':
      'Past its time a command and all it started get SIGTERM, then SIGKILL; processes and files are limited.',
    'SANDBOX-NONE': 'Where no sandbox comes up, that is found by trying, and the reason is known.',
    'TOOL-SHELL':
      'shell runs bash in the workspace, read-only unless the call is known to write, and tells how it ended.',
    'TOOL-GIT':
      'git runs its own subcommands on the repository of the workspace, without a shell, also in a linked worktree.',
    'TOOL-GIT-NEUTRAL': 'git runs no program that a checkout or its configuration names, for any subcommand.',
    'FETCH-SSRF': 'fetch asks public addresses only, in whatever spelling, at every step of a redirect.',
    'FETCH-PINNED': 'fetch connects to the address that was checked, and looks it up once.',
    'FETCH-LIMITS': 'fetch ends at its size, unpacked, at its time and after five redirects.',
    'DOCTOR-SANDBOX': 'doctor tries the sandbox, and says what follows without one and how to get it.',
  }),
  ...section('MISSION 21, issue 4 §8, secrets', {
    'SECRETS-NO-SINK':
      'No loaded secret, in no usual form, reaches a model, a channel, an answer, a stream, a log, a file or a row of the ledger but raw bodies.',
    'DOCTOR-SECRETS': 'doctor names secrets that are too short to be taken out of texts by their value.',
  }),
  ...section('MISSION 20, issue 4 §7, mood', {
    'MOOD-TIERS': 'Twenty-one patterns in three tiers find the mood of a message; the strongest tier counts.',
    'MOOD-FAST': 'Finding the mood takes below 5 ms on any message and below 50 µs on most.',
    'MOOD-QUOTES': 'Quoted text, code and addresses are no mood.',
    'MOOD-NEGATION': 'What is denied or only imagined is no mood.',
    'MOOD-EFFECTS':
      'The mood of the owner’s words holds unasked messages back at once, is noted, and shapes the answer, by rule or model.',
    'CLI-MOOD': 'kairos mood answers one line for each line of standard input, without a daemon, whatever comes.',
  }),
  ...section('issue 4 §1, the model and money', {
    'MODEL-STREAMS': 'A reply arrives in pieces over real HTTP, with its tool calls and what it used.',
    'MODEL-ERRORS': 'Every way in which the API fails is told apart, and no message holds the key or what was sent.',
    'MODEL-CUT-STREAM': 'A stream that breaks, falls silent or is cut off yields what had come, and is charged for it.',
    'MODEL-RETRY':
      'Failures are tried again by their class: never sooner than retry-after says, background work sheds first.',
    'MODEL-SPEND-CAP-FINAL': 'Once the spending limit of the API is reached, nothing is asked before the next month.',
    'MODEL-FALLBACK': 'After three overloads in a row the fallback model is asked, without what the first one thought.',
    'MODEL-LAZY': 'The SDK is loaded by the first request, not before.',
    'MODEL-PRICES': 'Prices are dated and have a source; a model without one is an error, never free.',
    'MONEY-RESERVE': 'The most a request can cost is reserved before it is made, and replaced by what it did cost.',
    'MONEY-CAPS': 'No sum passes the cap of a run or of a day, however many ask at once and whatever is lost.',
    'MONEY-LOST-COUNTED': 'What a process that is gone had under way is charged in full.',
    'MODEL-STOPPED': 'While the agent is stopped by hand no model is asked.',
    'CLASSIFIER-FAILS-CLOSED': 'Whatever the fast model does but say a clear yes, a human is asked.',
    'CLASSIFIER-SEES-NO-PROSE': 'The fast model sees the words of the owner and the call, nothing else.',
    'CLASSIFIER-INJECTION': 'Nothing in a call can end the block in which the fast model reads it.',
    'DOCTOR-MODEL':
      'The doctor finds missing prices, a refused key and models that are not there, without asking a model.',
  }),
  ...section('issue 4 §2, MISSION 8, the agent loop, its sessions and approvals', {
    'AGENT-LOOP':
      'A run asks the model, makes the calls it wants in order, and ends with one answer, whatever the model replies.',
    'AGENT-LIMITS':
      'A run ends at its limits of turns, tokens, time and denials, and says which one and what was done.',
    'AGENT-RESUME': 'A run whose process died goes on where its last recorded step left it, and sends the same bytes.',
    'AGENT-INTERRUPTED-REPORTED':
      'A call that was under way when the process died is reported as interrupted and never made again.',
    'AGENT-ONE-TRANSACTION':
      'A step of a run, with money, calls, transcript and messages, is recorded whole or not at all.',
    'AGENT-INSTRUCTIONS-LATE':
      "The owner's instructions stand beside the newest words of the user; earlier copies never change.",
    'AGENT-UNTRUSTED-MARKED': 'Text from outside stands in a block that nothing it holds can close.',
    'AGENT-REDACTED': 'No secret reaches the model, the transcript, a message, the log or whoever watches a run.',
    'AGENT-LATER': 'Work that a run puts off has the trust of the run, is never words of the owner, and is limited.',
    'JOB-WAITING': 'A job that is laid aside goes on at its time with its attempts new, and swallows no event.',
    'JOB-AGENT-PARKED': 'Jobs of the agent are parked while there is no model, and only then.',
    'SESSION-FILES':
      'A conversation is a JSONL file of its owner, a line an item, from its first meta line to its last.',
    'SESSION-APPEND-ONLY': 'A transcript is only appended to; a crash loses and doubles no line.',
    'SESSION-CONTINUES':
      'A message goes on with a fresh, short conversation that waits for nothing; else another begins.',
    'SESSION-ONE-AT-A-TIME': 'Two runs of one conversation follow each other.',
    'SESSION-RETENTION': 'A conversation leaves the ledger only when it is over, old and in its file.',
    'APPROVAL-EXPIRY-IS-NO': 'An approval that nobody answers in time is a no.',
    'APPROVAL-BOUND': 'An approval holds for exactly the call that was shown, and survives a restart.',
    'APPROVAL-ONCE': 'An approval is decided once, and its run goes on at once.',
  }),
  ...section('issue 4 §3, MISSION 9, tools over files, offloading, undo', {
    'TOOL-READ':
      'read shows numbered lines in bounded memory, cut at 2 000 lines and 256 KiB, and says where to go on.',
    'TOOL-READ-DEDUP':
      'An unchanged file whose content is still in the conversation is answered with a stub, else in full.',
    'TOOL-WRITE-ATOMIC': 'A file is written whole or not at all, keeps its mode, and is never seen half-written.',
    'TOOL-EDIT': 'An edit changes the one place it names, keeps line endings, and else says what was wrong.',
    'TOOL-GLOB': 'glob lists files in order of name, bounded in number and time, and follows no link.',
    'TOOL-GREP-SAME': 'grep answers the same with ripgrep and without.',
    'TOOL-SWAP-HELD': 'A link swapped in between check and opening never leads a tool out of what was judged.',
    'TOOL-MEMORY-SEARCH': 'Memory search is bounded and labels each line with whose words it is.',
    'OFFLOAD-FROZEN': 'What a large result became for a call stays the same bytes for ever.',
    'UNDO-EXACT': 'Taking a run back restores bytes, permissions, links and deletions exactly.',
    'UNDO-REFUSES': 'A run is not taken back over a file that changed since, is protected, or lies elsewhere.',
    'UNDO-KILL': 'A run or an undoing that was killed is brought to its end at the next start.',
  }),
  ...section('issue 4 §4, the shell half of the permission gate', {
    'PERM-BYPASSES': 'None of the 438 published bypasses of other allow-lists runs by itself.',
    'PERM-BENIGN': 'Most of the 113 commands that other vendors approve run by themselves.',
    'PERM-READ-ONLY': 'At least 95 of 100 ordinary read-only commands on workspace files run by themselves.',
    'PERM-SHELL-TREE':
      'A command is read as a tree; what is not fully seen through, and whatever stands inside it, never runs by itself.',
    'PERM-SHELL-FLAGS':
      'Programs are let through by flag: an unknown, abbreviated or dangerous one never runs by itself.',
    'PERM-SHELL-SIZE': 'A command over 64 KiB is for a human, unread.',
    'PERM-SHELL-REALLY':
      'What is called LOW, when it is really run, writes nothing, runs nothing else and opens no connection.',
    'PERM-FAST': 'A command up to 4 KiB is assessed within a millisecond, and none makes the gate think long.',
    'PERM-RED-TEAM':
      'Of commands nobody wrote the rules for, none that may do harm runs by itself, and 95 of 100 ordinary readers do.',
  }),
  ...section('issue 4 §3, GitHub, and the tools of the agent about itself', {
    'GITHUB-TOOL':
      'The github tool reads issues, pull requests, diffs, reviews and checks of one repository, capped, as text from outside.',
    'GITHUB-WRITE-ONCE':
      'A comment or review is posted once, also when its answer is lost or the daemon is killed in between.',
    'RECONCILE-MISSED': 'Deliveries of the last three days that never arrived are asked for again and arrive.',
    'RECONCILE-DEDUPE': 'What is here already is not asked for, and what comes twice is one event.',
    'RECONCILE-QUIET':
      'What cannot be delivered is told once; without the right to see webhooks it says so and stays quiet.',
    'RECONCILE-HELD': 'In safe mode nothing is asked for; afterwards it is made up for.',
    'FOLLOW-UNTIL-CLOSED': 'kairos subscribe follows one issue or pull request until it closes, and ends by itself.',
    'TOOL-NOTIFY': 'The notify tool queues a proactive message to configured channels only, never a reply.',
    'TOOL-SCHEDULE':
      'The schedule tool puts one piece of work off by 1 minute to 30 days, with the trust of the run that asked.',
    'TOOL-SLEEP': 'The sleep tool lays the run aside for 1 to 60 minutes.',
    'TOOL-ASK': 'The ask tool lays the run aside with a question to the owner.',
  }),
  ...section('issue 4, what is seen from outside', {
    'DOCTOR-AGENT': 'doctor shows that the agent was stopped, and approvals that wait for more than 24 hours.',
    'DOCTOR-WORKSPACES': 'doctor names workspaces that are missing or hold too much, each with the fix.',
    'DOCTOR-CHAT': 'doctor says when a bot hears nobody, or is not listened to, and why.',
    'DOCTOR-RECONCILE':
      'doctor warns when missed deliveries or what is followed cannot be asked for, and says what is missing.',
    'STATUS-AGENT':
      'status shows whether the agent works, its model, what today has cost of its cap, and what waits for an answer.',
    'STATUS-ROADS': 'status shows how polling, listening and the search for missed deliveries stand, without secrets.',
  }),
  ...section('MISSION 14, issue 5 §5, semantic merging', {
    'DREAM-STABLE': 'Without a model, at least 95 % of the facts that stay true survive sixty days of sessions.',
    'DREAM-NEWEST': 'Without a model, at least 90 % of what changed stands with its newest value.',
    'DREAM-CONTRADICTION': 'Of facts that changed, at most 5 % are left beside what overtook them.',
    'DREAM-DUPLICATES': 'At most 10 % of the facts are left twice.',
    'DREAM-POISON': 'Nothing that others said becomes a fact, and no order to a machine is remembered.',
    'DREAM-SECRETS': 'No key, token or password comes out of a dream.',
    'DREAM-OWNER': "The owner's facts stay word for word; what speaks against them is told.",
    'DREAM-DATES': 'Relative dates are made absolute from the day they were said.',
    'DREAM-HEDGE': 'A guess and its confirmation become one fact; a guess overtakes nothing.',
    'DREAM-CAP-PROPOSAL': "A proposal retires at most the cap's share of a topic, in facts and bytes; the rest waits.",
    'DREAM-IDEMPOTENT': 'A dream over nothing new proposes nothing, and the order of reading does not matter.',
  }),
  ...section('MISSION 12, issue 5 §3, skeptical memory', {
    'SKEPTIC-RECALL': 'At least 98 % of what the memory claims and no longer holds is found stale.',
    'SKEPTIC-FALSE-ALARMS': 'At most 2 % of what holds, is planned or is past is called stale.',
    'SKEPTIC-UNVERIFIABLE': 'At most 15 % of the claims of the listed kinds stay open.',
    'SKEPTIC-CACHE':
      'After any change of any file a kept judgement is the one a fresh look gives, also in another process.',
    'SKEPTIC-MOVED': 'What moved is named with its new place.',
    'SKEPTIC-FAST': 'A second look at unchanged files reads none of them.',
    'CLI-MEMORY-VERIFY': '`memory verify --json` gives each claim with its topic, text, verdict and reason.',
  }),
  ...section('MISSION 13, issue 5 §4 §6, the dream as a process', {
    'DREAM-GATES':
      'A dream begins by itself only when every gate is open, and a clock that is set back never shuts one for ever.',
    'DREAM-ONE-AT-A-TIME':
      'Of all that race to dream exactly one does, and a holder that is killed leaves no lock behind.',
    'DREAM-JAIL':
      'The worker of a dream can read what it is given, and do nothing else; what stays open without a sandbox is listed.',
    'DREAM-VALIDATOR':
      'What breaks a rule in a proposal is rejected with its reason, a topic that would lose too much loses nothing, the rest is done.',
    'DREAM-CURSOR': 'A dream reads only what is new, and what it read counts together with what it changed.',
    'DREAM-METERED':
      'Dreams ask the model within the budget and a number of questions a day; a night with nothing new costs nothing.',
    'DREAM-NO-RETRY-STORM':
      'A dream that fails is tried again later and later, and after three failures not by itself.',
    'DREAM-SAYS-WHY': 'A dream that did not run, or did nothing, says why.',
    'E2E-DREAM':
      'The daemon dreams by itself when its time has come, tells in the digest what contradicts the owner, can be taken back, and survives kill -9.',
    'CLI-DREAM': 'kairos dream shows the gates, dreams now, or shows the diff and writes nothing.',
    'DOCTOR-DREAM': 'doctor says what the jail of dreams rests on and what stays open.',
  }),
  ...section('issue 4, must be shown: an obedient model and injections', {
    'INJECT-NO-SECRET-LEAVES':
      'Whatever text from outside, files or results talk an obedient model into, no secret is read for it, kept or sent.',
    'INJECT-PROTECTED-HELD':
      'No such text changes a protected file, in whatever spelling, by git, by a link or by a race.',
    'INJECT-NO-FAKED-APPROVAL':
      'An approval is given by the owner alone, once, in time, and for exactly the call that was shown, kill -9 or not.',
    'INJECT-NO-USER-MEMORY': 'No such text makes a memory of the owner.',
    'INJECT-SANDBOX-HOLDS':
      'A command reaches neither the machine, the daemon nor its switch, and leaves nothing running.',
    'TAINT-NOT-WASHED':
      'Text from outside stays that in the files, results, notes, transcripts and later runs that it was put into.',
  }),
  ...section('issue 4, the agent in the whole daemon', {
    'E2E-AGENT-SAY':
      'kairos say streams what the agent says and does, and answers; events and schedules run it as well.',
    'E2E-AGENT-TELEGRAM':
      'The same question in a chat is answered in that chat, past a full window, which a finding of its own does not pass.',
    'E2E-APPROVALS':
      'What only the owner may allow waits, holds up nobody, and is made once they say so, on any road, and only as it was shown.',
    'E2E-MONEY':
      'Caps and kill switch end runs with a clear word, the digest shows it, and the accounts add up with what was asked.',
    'E2E-KILL-NINE':
      'Killed at any moment the agent goes on or reports: money and transcript add up, and nothing runs twice.',
    'E2E-UNDO':
      'What a run changed is shown and taken back byte for byte, or the file that speaks against it is named.',
    'E2E-MODEL-ERRORS':
      'Whatever the model API does, whoever asks has an honest word within minutes, and work of its own comes back.',
    'E2E-IDLE-FREE': 'Without events a daemon asks no model, and without a first run it loads nothing of the agent.',
    'E2E-SESSIONS':
      'Conversations go on with an unmoved prefix, end by themselves, sleep, and put work off with its trust.',
  }),
  ...section('issue 5 §2, MISSION 11 and 12, searching and recalling the memory', {
    'MEM-SEARCH-BOUNDED':
      'A search streams: no transcript is held whole, and results, bytes and time have their limits.',
    'MEM-SEARCH-INDEX':
      'Facts and sessions are found by words, the best first, facts before sessions and outside last, from an index that follows the files and may be deleted.',
    'MEM-REMEMBER-TRUST':
      'What an agent keeps is derived, with its session; after text from outside it is outside, and never about the owner.',
    'MEM-IN-CONTEXT-LATE':
      'A new conversation is told the index once, beside its first words, as a hint; the cached prefix does not move.',
    'MEM-VERDICT-BEFORE-ACTING':
      'What is recalled is checked at that moment, and again before a call acts on it: the verdict stands before the result.',
    'CLI-MEMORY-SEARCH':
      'kairos memory search finds what the agent would find, without a daemon, and writes nothing into the home.',
  }),
  ...section('issue 6 point 6, the first hour', {
    'FIRST-WIZARD': 'init asks on a terminal and makes a home that the daemon starts with; no secret is shown.',
    'FIRST-FLAGS':
      'Every answer of init is an option as well; secrets come from standard input, never from a command line.',
    'FIRST-ADDITIVE':
      'An existing config.yaml is never overwritten or reformatted; additions change no character of it.',
    'FIRST-NOTHING-HALF': 'Ctrl-C at any question of init leaves nothing behind.',
    'FIRST-PLAIN': 'With TERM=dumb or NO_COLOR init speaks plain ASCII without escape sequences.',
    'FIRST-COMPLETION': 'Completion in bash, zsh and fish knows every command, subcommand, option and fixed value.',
    'FIRST-MAN': 'man/kairos.1 is what the commands themselves say, and man(1) has no complaint.',
    'FIRST-NEXT-STEP': 'A newcomer who does the wrong thing is told the command that helps.',
  }),
  ...section('issue 6 point 4, the doctor', {
    'DOCTOR-FAULTS':
      'Over twenty seeded faults of a home are each found, with why it matters and how to fix it; a healthy home has none.',
    'DOCTOR-FIX-SAFE':
      'doctor --fix mends modes, missing directories and leftovers, and changes nothing else in the home.',
    'DOCTOR-FIX-BACKUP':
      'What --fix changes is written into backups/ before; where that is not possible, nothing is changed.',
    'DOCTOR-FIX-BOUNDS':
      'doctor --fix follows no link, leaves what is not ours alone, and takes nothing from under a running daemon.',
    'DOCTOR-FIX-DRY': 'doctor --fix --dry-run says what would be done and does nothing.',
    'DOCTOR-NO-SECRET': 'Nothing that doctor says holds a secret, also when a service answers with one.',
    'DOCTOR-TOKENS':
      'doctor asks GitHub, Slack and Telegram whether they take their tokens; offline is a warning, not a failure.',
    'DOCTOR-REDIS': 'doctor finds an old, forgetful, open or unencrypted Redis.',
    'DOCTOR-MACHINE':
      'doctor reads the sleep settings of a Mac, time synchronisation, limits of memory and files, and the state of the service.',
    'DOCTOR-DAEMON': 'doctor says when the daemon hangs, lags, or is of another version, and is not held up by it.',
    'DOCTOR-REACH': 'doctor tries the names under which the daemon is to be reached, and sends nothing secret there.',
    'DOCTOR-QUICK': 'Ten thousand dead letters and a million events cost doctor under two seconds of the processor.',
    'DOCTOR-TABLE': 'docs/doctor.md lists every check with what it looks at and what --fix does about it.',
  }),
  ...section('MISSION 22, issue 6 §3, backup and restore', {
    'BACKUP-WHOLE': 'A backup restored elsewhere has every row and every file of the home, byte for byte.',
    'BACKUP-WHILE-RUNNING': 'A backup of a running daemon is one state of its ledger; no commit fails or waits for it.',
    'BACKUP-ONE-MOMENT': 'Memory, logs and transcripts in a backup are those of the moment its ledger is of.',
    'BACKUP-NO-SECRETS':
      'A backup holds no secret: no secret file, and no known value in any writing in any byte of it.',
    'BACKUP-CONFIG-SECRET': 'A secret written into config.yaml is marked in a backup, and put back where it is known.',
    'BACKUP-VERIFIED': 'A backup gets its name only after it was opened again and found whole.',
    'BACKUP-NO-LEFTOVERS': 'A backup that fails or is stopped leaves nothing behind, and no half of it looks like one.',
    'BACKUP-SAFETY-COPY': 'A restore keeps what was there, and leaves secrets and token in place.',
    'BACKUP-RESTORE-HELD': 'A restore is refused while a daemon holds the home.',
    'BACKUP-NEW-HOME-ID':
      'A restored home has an id of its own, so that its messages are told from those of the old one.',
    'BACKUP-OLD-SCHEMA': 'A backup of an older version is restored and migrated by the next start.',
    'BACKUP-TOO-NEW': 'A ledger of a newer version is refused with what to do.',
    'BACKUP-EVIL':
      'An archive with paths, links, devices, sizes, hashes or a ledger that are not ours changes nothing.',
    'BACKUP-KILL-POINTS':
      'A restore killed at any step leaves the old home or the new one, whole, after the next start.',
    'BACKUP-SCHEDULED':
      'The daemon makes a backup a day in a process of its own, once, also after a day that was missed.',
    'BACKUP-RETENTION': 'The newest backups are kept; a file that kairosd did not name is never removed.',
    'BACKUP-FAILURE-TOLD': 'A daily backup that fails is told to the owner once.',
  }),
  ...section('MISSION 22, issue 6 §5, care of itself', {
    'CARE-MEMORY':
      'Memory that goes on growing above its limit is given back first; then the daemon starts itself anew. A high level that stands still is left alone.',
    'CARE-RESTART':
      'The daemon starts itself anew seldom, in order and with a reason on record, under a supervisor or in place; what does not help is told, not repeated.',
    'CARE-STUCK-JOB':
      'A job that hangs is cut off after its own limit, its place is free, it is tried again, and its late end counts for nothing.',
    'CARE-WEDGED-LOOP': 'A loop that stops turning is noticed, logged, and ended by a restart.',
    'CARE-SELF-CHECK': 'The self-check rests on a real write with a deadline, the loops and the lag.',
    'CARE-LOG-ROTATES':
      "The daemon's own log turns by size and count, keeps lines whole, redacted and to its owner, and survives a full disk.",
    'CARE-LOGS': 'kairos logs shows and follows the log across its files, without a daemon.',
    'CARE-CHORES': 'Every folder of the home has a limit; once a day, when it is quiet, what is over its time goes.',
    'CARE-STATUS': 'kairos status says in one line whether all is well, and if not, what is not.',
  }),
  ...section('MISSION 24, issue 7 §1, work on other hosts', {
    'SCALE-CONTRACT': 'Work in the daemon and work over BullMQ keep to one contract.',
    'SCALE-FENCED':
      'An outcome is settled once, and only under the token of the open attempt; late, doubled and foreign ones are dropped.',
    'SCALE-REDIS-LOST': 'Redis wiped or killed loses nothing: open attempts are offered again.',
    'SCALE-REDIS-AWAY': 'A Redis that is not there holds up neither the start nor the stop of the daemon.',
    'SCALE-BRAIN-RESTART': 'Work goes on while the daemon is away, and its outcome waits for the next start.',
    'SCALE-SILENT-WORKER': 'What a silent worker had becomes another attempt, counted before it is made.',
    'SCALE-WORKER-DRAIN': 'A worker that stops finishes what it can and hands back the rest.',
    'SCALE-SEALED': 'Without the shared key nobody can make work, read it, or settle it.',
    'SCALE-LABELS': 'Work goes only to hosts that have what it asks for; what nobody has waits and says so.',
    'SCALE-PARCELS':
      'A stream of short jobs travels in parcels; one that is long keeps nothing that came with it, and each is settled once.',
    'SCALE-BACKPRESSURE': 'No more is offered than can be begun soon.',
    'SCALE-SECRETS': 'A command gets the secrets that it names and no others, and they travel only sealed.',
    'SCALE-LAZY': 'Without REDIS_URL the daemon loads neither BullMQ nor ioredis.',
    'SCALE-KILLED-AT-RANDOM':
      'With daemon, workers, Redis and links killed at random and Redis wiped, each job is settled once and none is lost.',
  }),
  ...section('issue 7 §2, proof under fire', {
    'PROOF-STEPS':
      'Every step between two changes of state has a name, is passed in one place, and the daemon killed there loses and doubles nothing.',
    'PROOF-SIMULATION':
      'A simulated box to which anything happens (crashes, faults, clocks, owners) keeps every invariant of test/simulation/invariants.ts.',
    'PROOF-SEED': 'The same seed gives the same simulated week, to the last byte.',
  }),
];

function section(source: string, promises: Readonly<Record<string, string>>): Requirement[] {
  return Object.entries(promises).map(([id, promise]) => ({ id, promise, source }));
}
