/** What `kairos init` asks, with its defaults. */
export interface Answers {
  readonly timeZone: string;
  readonly port: number;
  /** Where messages go besides the terminal; empty: nowhere. */
  readonly webhookUrl: string;
}

/** `config.yaml` of a new home: the answers, and what else there is as comments. */
export function configYaml({ timeZone, port, webhookUrl }: Answers): string {
  const webhook =
    webhookUrl === ''
      ? '  # - { kind: webhook, url: "http://127.0.0.1:9000/hook" }   # signed; the key is NOTIFY_SECRET in secrets.env'
      : `  - { kind: webhook, url: ${JSON.stringify(webhookUrl)} }`;
  return `# yaml-language-server: $schema=./config.schema.json
# kairosd. Check it with: kairos config check. Durations are written 15s, 30m, 24h; sizes 25KB, 1MB.

timezone: ${timeZone}
server: { host: 127.0.0.1, port: ${port} }

# How much it may say unasked. Whatever does not fit waits, is put together by topic, or expires with a reason.
budget:
  windows: [{ per: 15s, max: 2 }, { per: 1h, max: 6 }]
  # quietHours: { from: "22:00", to: "07:00" }
  messageTtl: 12h

# Where messages go.
notify:
  - { kind: terminal }
${webhook}
  # - { kind: telegram, chat: "123456" }     # TELEGRAM_BOT_TOKEN in secrets.env; see docs/messages.md
  # - { kind: slack, channel: C0123 }        # SLACK_BOT_TOKEN in secrets.env

# Who may send webhooks. Without this, "github" exists as soon as its secret does: kairos webhook add github
# sources:
#   - { name: github, kind: github }                                # secret from GITHUB_WEBHOOK_SECRET
#   - { name: alerts, kind: standard, secretEnv: ALERTS_SECRET }

# What events lead to: log, notify, digest, resolve or agent. Try one: kairos subscriptions --test payload.json --event push
subscriptions:
  - name: ci-failed
    source: github
    event: workflow_run
    action: completed
    where: { "workflow_run.conclusion": failure }
    do: notify
    topic: "{repository.full_name}#{workflow_run.head_branch}"
    text: "CI failed on {repository.full_name} {workflow_run.head_branch}: {workflow_run.html_url}"
  - name: ci-green-again
    source: github
    event: workflow_run
    action: completed
    where: { "workflow_run.conclusion": success }
    do: resolve
    topic: "{repository.full_name}#{workflow_run.head_branch}"
    text: "CI is green again on {repository.full_name} {workflow_run.head_branch}"
  - { name: everything-else, source: github, do: log }

# What happens by the clock. Run one now: kairos run morning-digest
schedules:
  - { name: morning-digest, cron: "0 8 * * *", do: digest }
  # - { name: backup, cron: "30 3 * * *", do: command, argv: [/usr/local/bin/backup], timeout: 1h }

# A dead-man switch: somebody outside tells you when this box is gone. The address is a secret: HEARTBEAT_URL in secrets.env
# heartbeat: { urlEnv: HEARTBEAT_URL, every: 5m }
`;
}

export const KAIROS_MD = `# Standing instructions

What the agent should always know about you and your work. Plain words; read again with everything you ask.
`;

export const SECRETS_ENV = `# One NAME=value per line, readable by you alone (0600). An edit is taken up while the daemon runs.
# GITHUB_WEBHOOK_SECRET is written here by: kairos webhook add github
`;
