import type { Addition } from './config-insert.ts';
import type { Answers, ChannelAnswer } from './init-answers.ts';

/** `config.yaml` of a new home: the answers, and what else there is as comments. */
export function configYaml(answers: Answers): string {
  const { timeZone, port, quietHours } = answers;
  const channels = answers.channels.map((channel) => `\n  - ${channelItem(channel)}`).join('');
  const quiet = quietHours === undefined ? '# quietHours: { from: "22:00", to: "07:00" }' : quietLine(quietHours);
  return `# yaml-language-server: $schema=./config.schema.json
# kairosd. Check it with: kairos config check. Durations are written 15s, 30m, 24h; sizes 25KB, 1MB.

timezone: ${timeZone}
server: { host: 127.0.0.1, port: ${port} }

# How much it may say unasked. Whatever does not fit waits, is put together by topic, or expires with a reason.
budget:
  windows: [{ per: 15s, max: 2 }, { per: 1h, max: 6 }]
  ${quiet}
  messageTtl: 12h

# Where messages go.
notify:
  - { kind: terminal }${channels}
  # - { kind: webhook, url: "http://127.0.0.1:9000/hook", secretEnv: NOTIFY_SECRET }   # signed with NOTIFY_SECRET
  # - { kind: telegram, chat: "123456" }     # TELEGRAM_BOT_TOKEN in secrets.env; see docs/messages.md
  # - { kind: slack, channel: C0123 }        # SLACK_BOT_TOKEN in secrets.env

# Who may send webhooks. Without this, "github" exists as soon as its secret does: kairos webhook add github
${sourcesText(answers)}

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

${modelsText(answers)}# What happens by the clock. Run one now: kairos run morning-digest
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

/** The same answers as additions to a config.yaml that is there already. Time zone and port are left as they are. */
export function additionsOf({ channels, quietHours, github, model, secrets }: Answers): Addition[] {
  const items = channels.map((channel): Addition => {
    const identity = channel.kind === 'telegram' ? { chat: channel.chat } : channel;
    const before = ['{ kind: terminal }'];
    return {
      kind: 'item',
      section: 'notify',
      value: channelItem(channel),
      identity: { kind: channel.kind, ...identityOf(identity) },
      before,
    };
  });
  const quiet: Addition[] =
    quietHours === undefined
      ? []
      : [{ kind: 'key', section: 'budget', key: 'quietHours', value: hoursValue(quietHours) }];
  const source: Addition[] =
    github.kind === 'poll'
      ? [
          {
            kind: 'item',
            section: 'sources',
            value: `{ name: github, kind: github, poll: ${pollValue(github.repositories, secrets)} }`,
            identity: { name: 'github' },
          },
        ]
      : [];
  const models: Addition[] =
    model.kind === 'server' ? [{ kind: 'key', section: 'models', value: modelsValue(model.model) }] : [];
  return [...items, ...quiet, ...source, ...models];
}

function identityOf(channel: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(channel).filter(([name]) => /^(chat|channel|url)$/.test(name)));
}

function channelItem(channel: ChannelAnswer): string {
  if (channel.kind === 'webhook') {
    return `{ kind: webhook, url: ${JSON.stringify(channel.url)}, secretEnv: NOTIFY_SECRET }`;
  }
  if (channel.kind === 'slack') return `{ kind: slack, channel: ${channel.channel} }`;
  const allow = channel.hear ? `, allow: [${channel.chat}]` : '';
  return `{ kind: telegram, chat: "${channel.chat}"${allow} }`;
}

function quietLine(hours: { from: string; to: string }): string {
  return `quietHours: ${hoursValue(hours)}`;
}

function hoursValue({ from, to }: { from: string; to: string }): string {
  return `{ from: "${from}", to: "${to}" }`;
}

/** Without a token GitHub allows 60 requests an hour, for everything. */
function pollValue(repositories: readonly string[], secrets: Readonly<Record<string, string>>): string {
  const every = secrets['GITHUB_TOKEN'] === undefined ? '10m' : '60s';
  return `{ repositories: [${repositories.join(', ')}], every: ${every} }`;
}

function sourcesText({ github, secrets }: Answers): string {
  const alerts = '- { name: alerts, kind: standard, secretEnv: ALERTS_SECRET }';
  if (github.kind === 'poll') {
    const poll = pollValue(github.repositories, secrets);
    return `sources:\n  - name: github\n    kind: github\n    poll: ${poll}\n  # ${alerts}`;
  }
  const line = '- { name: github, kind: github }                                # secret from GITHUB_WEBHOOK_SECRET';
  return `# sources:\n#   ${line}\n#   ${alerts}`;
}

function modelsText({ model }: Answers): string {
  if (model.kind !== 'server') return '';
  return `# Its address is ANTHROPIC_BASE_URL in secrets.env. A model of your own costs nothing.\nmodels: ${modelsValue(model.model)}\n\n`;
}

function modelsValue(name: string): string {
  const quoted = JSON.stringify(name);
  return `{ lead: ${quoted}, worker: ${quoted}, fast: ${quoted}, prices: { ${quoted}: { input: 0, output: 0 } } }`;
}
