import type { SourceKindName } from '../webhooks/source.ts';

/**
 * What a person does on the sender's side, in order.
 *
 * @param base Where the daemon listens; null while the port is not known: then the steps say PORT.
 */
export function stepsFor(kind: SourceKindName, path: string, base: string | null): readonly string[] {
  const port = base === null ? 'PORT' : new URL(base).port || '80';
  const url = `${base ?? 'http://127.0.0.1:PORT'}${path}`;
  return [...STEPS[kind].map((step) => step.replaceAll('{path}', path).replaceAll('{url}', url)), ...reach(port)];
}

const PUBLIC = 'https://YOUR-PUBLIC-NAME{path}';

const STEPS: Readonly<Record<SourceKindName, readonly string[]>> = {
  github: [
    'Open the repository (or organisation) on GitHub: Settings → Webhooks → Add webhook.',
    `Payload URL: ${PUBLIC}`,
    'Content type: application/json',
    'Secret: the secret above.',
    'SSL verification: leave it enabled.',
    'Which events: "Let me select individual events", those your subscriptions name (or "Send me everything").',
    'Active: checked. Add webhook. GitHub sends a ping: under "Recent Deliveries" it must say 200.',
  ],
  standard: [`Give the sender the URL ${PUBLIC} and the secret above (whsec_…), as its Standard Webhooks endpoint.`],
  slack: [`In the Slack app: Event Subscriptions → Request URL: ${PUBLIC}`],
  telegram: [
    `Tell Telegram: curl "https://api.telegram.org/bot$TELEGRAM_BOT_TOKEN/setWebhook" -d url=${PUBLIC} -d secret_token=SECRET`,
  ],
  gitlab: [
    'Open the project on GitLab: Settings → Webhooks → Add new webhook.',
    `URL: ${PUBLIC}`,
    'Secret token: the secret above. SSL verification: enabled. Choose the triggers, then "Test".',
  ],
  bearer: [
    'Any program can send: curl -X POST {url} -H "Authorization: Bearer SECRET" -H "Content-Type: application/json" -d \'{"type":"hello"}\'',
  ],
};

/** Most boxes this is made for stand behind a router. */
function reach(port: string): readonly string[] {
  return [
    'If this machine has no public name, a tunnel gives it one; let only /webhooks/ through. docs/nat.md has each from end to end. One of:',
    `  tailscale funnel --bg --set-path=/webhooks http://127.0.0.1:${port}/webhooks`,
    `  ssh -N -R 127.0.0.1:17717:127.0.0.1:${port} you@your-server   (with a TLS proxy in front of port 17717 there)`,
    `  cloudflared tunnel --url http://127.0.0.1:${port}   (for a first try: another name at every start)`,
    '  or none: it can ask GitHub instead, which needs nothing open (docs/polling.md).',
  ];
}
