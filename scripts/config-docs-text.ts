/** What the page about config.yaml says that no schema holds. */

/** A meaning for each key whose schema has none of its own. The generator fails when a key is without one. */
export const MEANINGS: Readonly<Record<string, string>> = {
  'budget.blocking':
    'How long proactive work may hold the foreground before it goes on in the background. See [schedules](schedules.md#the-blocking-budget).',
  'budget.messageTtl': 'How long a message may wait before it expires, with the reason in the daily log.',
  'budget.money.perDay': 'US dollars that models may cost in a local day; what is under way counts in full.',
  'budget.money.perRun': 'US dollars that models may cost in one run.',
  'budget.money.ownerShare': 'Share of the day, 0 to 1, that only what you ask for yourself may use.',
  'notify[].kind': 'What kind of channel it is.',
  'notify[].name': 'Unique name, 1 to 40 of `a-z`, `0-9`, `-`. Left out: the kind (`webhook`, then `webhook-2`).',
  'notify[].url': 'Where each message is posted: http or https, without user name and password.',
  'sources[].kind': 'How the sender proves who it is. See [webhooks](webhooks.md).',
  'sources[].trust': 'Who stands behind the texts. `owner` is for scripts of your own.',
  'sources[].poll.every': 'How often to ask; GitHub may want it rarer. See [polling](polling.md).',
  'sources[].poll.events':
    'What to ask for, by the names of webhooks. Left out: all but `check_run` and `notification`. See [polling](polling.md).',
  'sources[].reconcile.every':
    'How often GitHub is asked what it could not deliver. See [webhooks](webhooks.md#missed-deliveries).',
  'subscriptions[].where':
    'Path into the payload → condition; all must hold; at most 50. See [webhooks](webhooks.md#conditions).',
  'schedules[].cron':
    'When: five fields, or six with seconds first. One of `cron`, `every` and `at`. See [schedules](schedules.md#when).',
  'schedules[].every': 'When: at whole multiples, counted from 1970 in UTC: `1h` is every full hour.',
  'schedules[].at': 'When: once, at an instant, or at a local date and time.',
  'schedules[].catchUp':
    'What runs of those that were missed: the newest one, all, or none. See [schedules](schedules.md#missed-runs).',
  'schedules[].catchUpMax': 'Only with `catchUp: all`. The most runs that are made up for. Default 24.',
  'schedules[].topic': 'Only with `do: notify`. What messages belong together. Default: the name.',
  'schedules[].text': 'Only with `do: notify`, and required there. What is told.',
  'schedules[].argv':
    'Only with `do: command`, and required there. The program and its arguments, each as it is: there is no shell. See [schedules](schedules.md#commands).',
  'schedules[].timeout': 'Only with `do: command`. How long it may take. Default 10m.',
  'schedules[].cwd': 'Only with `do: command`. Where it runs. Default: the home.',
  'schedules[].env':
    'Only with `do: command`. Added to `PATH`, `HOME`, `LANG` and `TZ`, which is all that it sees. No place for secrets.',
  'schedules[].label':
    'Only with `do: command`. What the host that runs it must have, such as `macos`; `brain`: the daemon itself. Default: any worker that takes what asks for nothing, else the daemon. See [workers](workers.md).',
  'schedules[].secretsEnv':
    'Only with `do: command`. Names from `secrets.env` that it gets in its environment, and no others. See [workers](workers.md#secrets).',
  'schedules[].retries':
    'Only with `do: command`. How often it is tried again when it failed. Default 0: you are told at once.',
  'schedules[].prompt': 'Only with `do: agent`, and required there. What the agent is asked.',
  'agent.approvals.expiry': 'How long a question waits for your answer; then it is a no.',
  'agent.approvals.afkExpiry': 'The same while you are away.',
  'agent.chat.idle': 'A message that comes later than this begins a new conversation.',
  'dream.maxBytes': 'Bytes the index may have, and each topic.',
  'dream.idle': 'How long nothing must have been in the foreground before a dream begins by itself.',
  'dream.deadline': 'A dream that takes longer is ended, and nothing of it is taken.',
  'tools.shell.timeout': 'How long a command may take before it is ended.',
  'tools.shell.outputBytes': 'How much of what it prints is kept.',
  'tools.fetch.maxBytes': 'How much of a page is read.',
  'tools.fetch.timeout': 'How long a page may take.',
  'storm.per': 'The time looked back over, for each source.',
  'storm.events':
    'From more than this many matched events in that time on, a source is in a storm and its waiting jobs of one topic become one.',
  'journal.maxBytes': 'How large the log of one day may grow. The rest of that day goes to `YYYY-MM-DD.overflow.md`.',
  'retention.events': 'How long events, and with them jobs, messages and delivery ids, are kept.',
  'backup.homeMaxBytes':
    'A larger ledger is not backed up by itself, and you are told once. See [backup](backup.md#every-day).',
  'backup.deadline': 'A backup that takes longer is ended; what it had written is cleared away.',
  'retention.bodies': 'How long the bodies of events are kept. A body whose job is still open stays.',
};

/** One example a section; each is a whole config.yaml that `parseConfig` takes. */
export const EXAMPLES: Readonly<Record<string, string>> = {
  timezone: `
timezone: Europe/Berlin`,
  server: `
server:
  host: 127.0.0.1
  port: 7717
  hosts: [box.example.net]`,
  budget: `
budget:
  blocking: 15s
  windows: [{ per: 15s, max: 2 }, { per: 1h, max: 6 }]
  quietHours: { from: "22:00", to: "07:00" }
  messageTtl: 12h
  presence: 5m
  urgent: { windows: [{ per: 1h, max: 4 }] }
  money: { perDay: 5.00, perRun: 1.00, ownerShare: 0.1 }`,
  notify: `
notify:
  - { kind: terminal }
  - { kind: webhook, name: phone, url: "http://127.0.0.1:9000/hook", secretEnv: NOTIFY_SECRET }
  - { kind: slack, channel: C0123456789, allow: [U0123456789], edit: 10m }
  - { kind: telegram, chat: "123456", allow: [123456], receive: polling, edit: off }`,
  sources: `
sources:
  - { name: github, kind: github, poll: { repositories: [octo/app], every: 60s, events: [push, issues, workflow_run] } }
  - { name: work, kind: github, secretEnv: WORK_SECRET, reconcile: { repositories: [octo/work], every: 15m } }
  - { name: alerts, kind: standard, secretEnv: [ALERTS_SECRET, ALERTS_SECRET_OLD] }
  - { name: backups, kind: bearer, trust: owner }`,
  subscriptions: `
subscriptions:
  - name: ci-failed
    source: github
    event: workflow_run
    action: completed
    repository: acme/*
    where: { "workflow_run.conclusion": failure, "workflow_run.head_branch": { in: [main, release] } }
    do: notify
    urgent: false
    topic: "{repository.full_name}#{workflow_run.head_branch}"
    text: "CI failed on {repository.full_name} {workflow_run.head_branch}: {workflow_run.html_url}"
  - name: triage
    source: github
    event: issues
    action: opened
    author: "mona*"
    do: agent
    prompt: Triage this issue.
    workspace: app
workspaces: [{ path: /srv/app }]`,
  storm: `
storm: { per: 1m, events: 60 }`,
  schedules: `
schedules:
  - { name: morning-digest, cron: "0 8 * * *", timezone: Europe/Berlin, do: digest }
  - { name: stand-up, cron: "25 9 * * mon-fri", do: notify, topic: team, text: Stand-up in five minutes., catchUp: skip }
  - { name: thank-you, at: "2026-12-24T18:00", do: notify, text: Say thank you. }
  - name: backup
    every: 6h
    jitter: 10m
    catchUp: all
    catchUpMax: 4
    overlap: skip
    do: command
    argv: [restic, backup, /srv]
    timeout: 1h
    cwd: /srv
    env: { RESTIC_REPOSITORY: /mnt/backup }
    retries: 1
    label: macos
    secretsEnv: [BACKUP_PASSWORD]
  - { name: look-around, cron: "*/30 * * * *", do: agent, prompt: What needs attention?, workspace: app }
workspaces: [{ path: /srv/app }]`,
  models: `
models:
  lead: claude-opus-5-5
  worker: claude-sonnet-5-5
  fast: claude-haiku-5-5
  fallback: claude-sonnet-5-5
  prices: { "qwen3-coder:30b": { input: 0, output: 0, cacheWrite: 0, cacheRead: 0 } }
  outputTokens: { lead: 16000, worker: 16000, fast: 2000 }
  cacheTtl: 5m`,
  agent: `
agent:
  policy: { owner: flag, schedule: flag, outside: classify }
  afk: off
  approvals: { expiry: 24h, afkExpiry: 8h }
  limits: { turns: 40, inputTokens: 2000000, outputTokens: 100000, wall: 30m, toolResultBytes: 64KB }
  chat: { idle: 1h, tokens: 120000 }`,
  tools: `
tools:
  shell: { enabled: true, network: false, timeout: 2m, outputBytes: 1MB, readable: [/opt/toolchain] }
  fetch: { allow: [docs.example.org, "*.example.com"], maxBytes: 2MB, timeout: 30s }`,
  dream: `
dream: { enabled: true, minHours: 24, minSessions: 5, maxLines: 200, maxBytes: 25KB, shrinkCap: 0.5, idle: 30m, model: auto, questionsPerDay: 40, deadline: 10m }`,
  nightshift: `
nightshift: { from: "01:00", to: "06:00", file: tasks.md }`,
  workspaces: `
workspaces:
  - { path: ~/src/app }
  - { path: ~/src/theirs, name: theirs, trust: outside }`,
  journal: `
journal: { maxBytes: 1MB }`,
  heartbeat: `
heartbeat: { urlEnv: HEARTBEAT_URL, every: 5m, timeout: 10s }   # or url: https://example.org/ping/1234`,
  retention: `
retention: { events: 90d, bodies: 30d }`,
  care: `
care: { memory: 512MB, sustained: 1m, restartEvery: 1h, quiet: 30m, artifacts: 90d }`,
  log: `
log: { maxBytes: 10MB, files: 5 }`,
  backup: `
backup: { enabled: true, at: "03:30", directory: /mnt/backup/kairosd, keep: 14, homeMaxBytes: 8GB, deadline: 1h }`,
};

export const FOREWORD = `
# Configuration

<!-- Written by scripts/config-docs.ts from the schema. Change the schema or the script, then run: bin/node scripts/config-docs.ts -->

\`config.yaml\` lies in the home. It may be missing: every key has a default or may be left out. It is read when the daemon
starts, and again whenever it or \`secrets.env\` is edited: within three seconds, whole, and without a pause. Only \`server\`, \`timezone\`, \`journal\`,
\`log\` and \`retention\` wait for the next start; the log says what was taken up. An edit that is not valid changes nothing, and the log says
where it is wrong. More: [hot reload](operations.md#hot-reload).

- \`kairos init\` writes a first one. \`kairos config check\` says what is wrong, with line and column. \`kairos config schema\` prints the
  JSON Schema; \`init\` puts it beside the file, and the first line of the file names it for editors.
- An unknown key or a wrong value is an error. The daemon then does not start (exit code 5); a running one keeps what it has.
- Durations are written \`15s\`, \`30m\`, \`24h\`, \`7d\` (\`ms\` too; a plain number is milliseconds). Sizes are written \`25KB\`, \`1MB\`
  (KB = 1024; a plain number is bytes).
- No secret belongs into this file. Keys that end in \`Env\` hold the *name* of a secret.
`;

export const AFTERWORD = `
## Environment

| Variable | Meaning |
| --- | --- |
| \`KAIROS_HOME\` | The home. Default: \`$STATE_DIRECTORY\` (systemd sets it), else \`~/.kairos\`. \`--home\` goes before it. |
| \`KAIROS_HOST\`, \`KAIROS_PORT\` | Go before \`server.host\` and \`server.port\`. Port 0 picks a free one. |
| \`KAIROS_LOG_LEVEL\` | \`debug\`, \`info\` (default), \`warn\`, \`error\` or \`silent\`. |
| \`KAIROS_API_TOKEN\` | The API token, instead of the one in the file \`token\`. |
| \`SLACK_API_URL\`, \`TELEGRAM_API_ROOT\` | Another address of these APIs than \`https://slack.com/api\` and \`https://api.telegram.org\`. |
| \`GITHUB_API_URL\` | Another address of GitHub's API than \`https://api.github.com\`, for [polling](polling.md). |
| \`CREDENTIALS_DIRECTORY\` | systemd sets it: each file in it is a secret of that name. |
| \`LISTEN_PID\`, \`LISTEN_FDS\` | systemd sets them: a listening socket that is inherited. It is then used instead of host and port. |
| \`NO_COLOR\`, \`TERM=dumb\` | No colours in the output of commands. |
| \`NODE_COMPILE_CACHE\` | Where Node keeps compiled code. Default in a checkout: \`node_modules/.cache/kairosd\`. |

Secrets by name, in \`secrets.env\`, as systemd credentials or in the environment (the later wins):

| Secret | For |
| --- | --- |
| \`GITHUB_WEBHOOK_SECRET\` | Sources of kind \`github\`. |
| \`SLACK_SIGNING_SECRET\` | Sources of kind \`slack\`. |
| \`TELEGRAM_WEBHOOK_SECRET\` | Sources of kind \`telegram\`. |
| \`GITLAB_WEBHOOK_SECRET\` | Sources of kind \`gitlab\`. |
| \`SLACK_BOT_TOKEN\`, \`TELEGRAM_BOT_TOKEN\` | Channels of kind \`slack\` and \`telegram\`. See [messages](messages.md#slack). |
| \`GITHUB_TOKEN\` | Sources with \`poll:\`. See [polling](polling.md). |
| \`<NAME>_SECRET\` | Sources of kind \`standard\` and \`bearer\`: the name in capitals, \`-\` as \`_\`. |
| the same with \`_PREVIOUS\` | The secret that is being replaced; both count. Not looked at when the source has a \`secretEnv\`. |
| what \`secretEnv\` names | That source or channel. |
| what \`heartbeat.urlEnv\` names | The address of the heartbeat. |

## Files of the home

The home has mode 0700, its files 0600.

| File | What it is |
| --- | --- |
| \`config.yaml\` | Settings. Yours. |
| \`config.schema.json\` | JSON Schema for editors. Written anew by each \`kairos init\`. |
| \`secrets.env\` | One \`NAME=value\` a line. Yours; \`kairos webhook add\` writes into it. |
| \`KAIROS.md\` | Standing instructions for the agent. Not read yet. |
| \`ledger.db\`, \`ledger.db-wal\`, \`ledger.db-shm\` | The ledger (SQLite). The three belong together. |
| \`backups/\` | The ledger as it was before each migration. |
| \`logs/YYYY/MM/YYYY-MM-DD.md\` | The daily log. |
| \`log/kairosd.log\`, \`.1\`, \`.2\` … | The daemon's own log, one JSON object a line, for \`kairos logs\`. |
| \`digests/YYYY-MM-DD.md\` | The [digests](digest.md) of days. |
| \`artifacts/runs/\` | What commands of [schedules](schedules.md#commands) printed, a file a run. |
| \`token\` | The API token, made by the first start. |
| \`run.json\` | Process id, URL and start of the running daemon. |
| \`lock.db\`, \`lock.txt\` | The lock of the home, and who holds it, for people. |
| \`reserve\` | Disk space held back for a full disk (at most 16 MiB). |
`;
