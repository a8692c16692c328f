import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { startDaemon, type DaemonProcess } from '../../proof/lib/daemon.ts';
import { post, postGithub } from '../../proof/lib/sender.ts';
import { startMessagesServer, text, type MessagesServer, type ScriptedReply } from '../fakes/messages-server.ts';
import { startReceiver, type Receiver } from '../fakes/receiver.ts';
import { git } from './injection-world.ts';

const KEY_LINES = Array.from({ length: 6 }, (_, index) =>
  Buffer.from(Array.from({ length: 48 }, (_byte, at) => (index * 53 + at * 29 + 7) % 256)).toString('base64'),
);

/** Secrets as people have them. The first five are those kairosd itself uses. */
export const SECRETS = {
  ANTHROPIC_API_KEY: 'key-model-9b27ac4410fe83d6',
  GITHUB_WEBHOOK_SECRET: 'hook-4be1a07d53c29f86',
  TELEGRAM_BOT_TOKEN: '7412589630:AAHk3v-qT9zLw0xYb2cN5mR8sP1dF4gJ6uE',
  TELEGRAM_WEBHOOK_SECRET: 'telegram-hook-5c6d2b8e91',
  SLACK_BOT_TOKEN: 'xoxb-17653671481-19874698323-pdFZKVeTuE8sk7oOHcbrzqgy',
  SHORT_PASSWORD: 'k7#pQz!2',
  UNICODE_PASSWORD: 'пароль-Ключ-日本-9é',
  QUOTED_PASSWORD: `he said "x\\y" & 'z' <b>`,
  LINES_SECRET: 'the first line, 77\nand a second line, 88',
  ENCODED_SECRET: 'QUJDREVGR0hJSktMTU5PUFFSU1RVVg==',
  URL_PASSWORD: 'p@ss/w:rd?&=+ %20~(*)',
  CERT_PRIVATE_KEY: `-----BEGIN PRIVATE KEY-----\n${KEY_LINES.join('\n')}\n-----END PRIVATE KEY-----`,
} as const;

export type SecretName = keyof typeof SECRETS;
export const NAMES = Object.keys(SECRETS) as readonly SecretName[];

/** The forms in which secrets are sent through the daemon, and in which nothing may come out. */
export function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const base64 = bytes.toString('base64');
  return [
    value,
    base64,
    base64.replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    ...value.split('\n').filter((line) => line.length >= 16 && !line.startsWith('-----')),
  ];
}

/** Which secrets a text holds, in which form; the names of both. */
export function leaksIn(words: string): string[] {
  return NAMES.flatMap((name) =>
    formsOf(SECRETS[name]).flatMap((form, index) => (words.includes(form) ? [`${name} in form ${index}`] : [])),
  );
}

const OWNER_CHAT = 123456;

export interface SecretsWorld extends AsyncDisposable {
  readonly home: string;
  readonly repository: string;
  readonly daemon: DaemonProcess;
  readonly model: MessagesServer;
  /** Replies of the lead model, given one a request. The fast model says RUN. */
  readonly replies: ScriptedReply[];
  /** The owner's channels: what was sent there. The webhook answers 500, with secrets in it, while `failing`. */
  readonly phone: Receiver;
  readonly telegram: Receiver;
  readonly slack: Receiver;
  failing: boolean;
  /** Everything the API and its streams answered. */
  readonly answers: string[];
  api(path: string, body?: object): Promise<string>;
  deliver(payload: object): Promise<number>;
  chat(words: string): Promise<number>;
  /** Until its job ended or waits for the owner. */
  settled(job: string): Promise<string>;
  rows<Row>(sql: string): Row[];
}

export async function makeSecretsWorld(config: object): Promise<SecretsWorld> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'kairos-secrets-')));
  const [home, repository] = [join(root, 'home'), join(root, 'shop')];
  const parts = new AsyncDisposableStack();
  const replies: ScriptedReply[] = [];
  const own = { failing: false };
  const model = parts.use(
    await startMessagesServer(({ body }) =>
      body.model.includes('haiku') ? { blocks: [text('RUN')] } : (replies.shift() ?? { blocks: [text('Done.')] }),
    ),
  );
  const echo = Object.values(SECRETS).flatMap(formsOf).join('\n');
  const phone = parts.use(
    await startReceiver(() => (own.failing ? { status: 500, body: `no: ${echo}` } : { status: 200, body: '{}' })),
  );
  const taken = { ok: true, result: { message_id: 1 }, ts: '1700000000.000001', channel: 'C0123' };
  const telegram = parts.use(await startReceiver(() => ({ status: 200, body: JSON.stringify(taken) })));
  const slack = parts.use(await startReceiver(() => ({ status: 200, body: JSON.stringify(taken) })));
  put(home, {
    'secrets.env': NAMES.map((name) => `${name}=${quoted(SECRETS[name])}`).join('\n'),
    'KAIROS.md': `Be kind. ${echo}`,
    'config.yaml': JSON.stringify({
      timezone: 'UTC',
      workspaces: [{ path: repository }],
      notify: [
        { kind: 'webhook', name: 'phone', url: phone.url },
        { kind: 'telegram', chat: String(OWNER_CHAT), allow: [OWNER_CHAT], receive: 'webhook' },
        { kind: 'slack', channel: 'C0123' },
      ],
      sources: [
        { name: 'github', kind: 'github' },
        { name: 'telegram', kind: 'telegram' },
      ],
      budget: { windows: [{ per: '1s', max: 1_000 }], money: { perDay: 1_000, perRun: 100 } },
      ...config,
    }),
  });
  put(repository, { 'README.md': '# shop\n', 'all.txt': `${echo}\n${'x'.repeat(900)}\n`.repeat(12) });
  for (const name of NAMES)
    put(repository, { [`src/${name}.txt`]: `of ${name}:\n${formsOf(SECRETS[name]).join('\n')}\n` });
  git(repository, 'init', '--quiet', '--initial-branch=main');
  git(repository, 'add', '.');
  git(repository, 'commit', '--quiet', '-m', `first ${SECRETS.SHORT_PASSWORD}`);
  const env = {
    HOME: root,
    ANTHROPIC_BASE_URL: model.url,
    TELEGRAM_API_ROOT: telegram.url,
    SLACK_API_URL: `${slack.url}/api`,
    GITHUB_WEBHOOK_SECRET: '',
    KAIROS_LOG_LEVEL: 'debug',
  };
  const daemon = await startDaemon(home, { env });
  const answers: string[] = [];
  const headers = { authorization: `Bearer ${daemon.token}`, 'content-type': 'application/json' };
  let count = 0;
  const world: Omit<SecretsWorld, keyof AsyncDisposable> = {
    home,
    repository,
    daemon,
    model,
    replies,
    phone,
    telegram,
    slack,
    answers,
    get failing() {
      return own.failing;
    },
    set failing(failing) {
      own.failing = failing;
    },
    async api(path, body) {
      const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
      const answer = await fetch(`${daemon.url}${path}`, { headers, ...sent });
      const words = await answer.text();
      answers.push(words);
      if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${words}`);
      return words;
    },
    async deliver(payload) {
      count += 1;
      const body = Buffer.from(JSON.stringify(payload));
      const secret = SECRETS.GITHUB_WEBHOOK_SECRET;
      return (await postGithub(daemon.url, { id: `d${count}`, event: 'push', body, secret })).status;
    },
    async chat(words) {
      count += 1;
      const chat = { id: OWNER_CHAT, type: 'private' };
      const from = { id: OWNER_CHAT, is_bot: false, first_name: 'Ann' };
      const update = { update_id: 1_000 + count, message: { message_id: count, date: 0, chat, from, text: words } };
      const own_ = { 'x-telegram-bot-api-secret-token': SECRETS.TELEGRAM_WEBHOOK_SECRET };
      const whole = { 'content-type': 'application/json', ...own_ };
      return (await post(`${daemon.url}/webhooks/telegram`, whole, Buffer.from(JSON.stringify(update)))).status;
    },
    settled: (job) =>
      until(`${job} settles`, async () => {
        const { state } = JSON.parse(await world.api(`/api/jobs/${job}`)) as { state: string };
        const waiting = world.rows<{ id: number }>(
          `SELECT id FROM approvals WHERE state = 'pending' AND job_id = ${Number(job.slice(1))}`,
        );
        if (waiting.length > 0 && state === 'queued') return 'waits';
        return ['queued', 'running'].includes(state) ? undefined : state;
      }),
    rows<Row>(sql: string): Row[] {
      using database = new DatabaseSync(join(home, 'ledger.db'), { readOnly: true, timeout: 2_000 });
      return database.prepare(sql).all() as Row[];
    },
  };
  return Object.assign(world, {
    async [Symbol.asyncDispose]() {
      await daemon.kill9();
      await parts.disposeAsync();
      rmSync(root, { recursive: true, force: true });
    },
  });
}

/** As `secrets.env` takes it: whichever quotes it does not hold. */
function quoted(value: string): string {
  const quote = ['"', "'", '`'].find((mark) => !value.includes(mark)) ?? '"';
  return `${quote}${value}${quote}`;
}

function put(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, words] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), words, { mode: 0o600 });
  }
}

/** Looks again until it is there. */
export async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (const endMs = performance.now() + 20_000; performance.now() < endMs;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await pause(20);
  }
  throw new Error(`it did not come about: ${what}`);
}

/** Every file below a folder as text, but for what `except` names. */
export function filesIn(folder: string, except: RegExp): readonly (readonly [path: string, words: string])[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !except.test(path) && statSync(join(folder, path)).isFile())
    .map((path) => [path, readFileSync(join(folder, path), 'utf8')] as const);
}

/** Every value of every table that is not a number, with where it stands. */
export function valuesIn(world: SecretsWorld, except: ReadonlySet<string>): readonly (readonly [string, string])[] {
  const tables = world.rows<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'");
  return tables.flatMap(({ name }) =>
    world.rows<Record<string, unknown>>(`SELECT * FROM ${name}`).flatMap((row) =>
      Object.entries(row).flatMap(([column, value]) => {
        const place = `${name}.${column}`;
        if (except.has(place) || value === null || typeof value === 'number') return [];
        const words = value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value;
        return [[place, typeof words === 'string' ? words : JSON.stringify(words)] as const];
      }),
    ),
  );
}
