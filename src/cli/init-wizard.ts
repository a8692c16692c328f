import { randomBytes } from 'node:crypto';
import type { Fetch } from '../core/ports.ts';
import type { Asker } from './ask.ts';
import {
  CHAT,
  defaultAnswers,
  HTTP_URL,
  listOf,
  MODEL_NAME,
  QUIET_HOURS,
  quietHoursOf,
  REPOSITORIES,
  SECRET,
  SLACK_CHANNEL,
  TIME_ZONE,
  type Answers,
  type ChannelAnswer,
  type GithubAnswer,
  type ModelAnswer,
} from './init-answers.ts';
import { findChats, type FoundChat } from './init-try.ts';

/** What the questions need of the world. */
export interface WizardPorts {
  readonly asker: Asker;
  readonly fetch: Fetch;
  /** A secret that is there already is not asked for. */
  readonly secretOf: (name: string) => string | undefined;
}

type Secrets = Record<string, string>;

/** Everything a new home needs to know. Writes nothing. @throws {KairosError} `INPUT_INVALID` when they leave. */
export async function askEverything(ports: WizardPorts): Promise<Answers> {
  const { asker } = ports;
  const defaults = defaultAnswers();
  const secrets: Secrets = {};
  const timeZone = await asker.text({ message: 'Your time zone', otherwise: defaults.timeZone, check: TIME_ZONE });
  const quietHours = await askQuietHours(asker);
  const channel = await askChannel(ports, secrets);
  const github = await askGithub(ports, secrets);
  const model = await askModel(ports, secrets);
  const service = await asker.confirm('Shall it run as a service, also after a restart of this machine?', true);
  const channels = channel === undefined ? [] : [channel];
  return { ...defaults, timeZone, quietHours, channels, github, model, service, secrets };
}

/** What an owner with a configuration may want to add, as often as they like. */
export async function askAdditions(ports: WizardPorts): Promise<Answers> {
  const { asker } = ports;
  const secrets: Secrets = {};
  let answers: Answers = { ...defaultAnswers(), secrets };
  for (;;) {
    const wish = await asker.choose({
      message: 'config.yaml is there and stays as it is. Add something to it?',
      options: [
        { value: 'nothing', label: 'No (or: that is all)' },
        { value: 'channel', label: 'A channel: Telegram, Slack or a webhook' },
        { value: 'quiet', label: 'Quiet hours' },
        { value: 'github', label: 'GitHub' },
        { value: 'model', label: 'A model' },
      ],
    });
    if (wish === 'nothing') return answers;
    if (wish === 'quiet') answers = { ...answers, quietHours: await askQuietHours(asker) };
    if (wish === 'github') answers = { ...answers, github: await askGithub(ports, secrets) };
    if (wish === 'model') answers = { ...answers, model: await askModel(ports, secrets) };
    if (wish === 'channel') {
      const channel = await askChannel(ports, secrets);
      if (channel !== undefined) answers = { ...answers, channels: [...answers.channels, channel] };
    }
  }
}

async function askQuietHours(asker: Asker): Promise<Answers['quietHours']> {
  const answer = await asker.choose({
    message: 'Hours in which it says nothing unasked?',
    options: [
      { value: '22:00-07:00', label: '22:00 to 07:00' },
      { value: 'none', label: 'None' },
      { value: 'other', label: 'Others' },
    ],
  });
  if (answer === 'none') return undefined;
  if (answer !== 'other') return quietHoursOf(answer);
  return quietHoursOf(await asker.text({ message: 'From and to, such as 23:30-06:30', check: QUIET_HOURS }));
}

async function askChannel(ports: WizardPorts, secrets: Secrets): Promise<ChannelAnswer | undefined> {
  const kind = await ports.asker.choose({
    message: 'Where shall it reach you?',
    options: [
      { value: 'terminal', label: 'Only where it runs (its terminal or log), for now' },
      { value: 'telegram', label: 'Telegram: free, on the phone, works behind any router' },
      { value: 'slack', label: 'Slack' },
      { value: 'webhook', label: 'A webhook: a program of yours' },
    ],
  });
  if (kind === 'telegram') return askTelegram(ports, secrets);
  if (kind === 'slack') return askSlack(ports, secrets);
  return kind === 'webhook' ? askWebhook(ports, secrets) : undefined;
}

async function askTelegram(ports: WizardPorts, secrets: Secrets): Promise<ChannelAnswer> {
  const { asker } = ports;
  asker.say(
    '1. In Telegram talk to @BotFather, send /newbot, choose a name. It answers with a token such as 123456:ABC...\n2. Open the chat with your new bot, press Start, and write it a word: a bot cannot write first.',
  );
  const token = await askSecret(ports, secrets, 'TELEGRAM_BOT_TOKEN', 'The token');
  const found = await lookForChat(ports, token);
  const chat = found?.id ?? (await asker.text({ message: 'The number of the chat', check: CHAT }));
  const isPrivate = found?.isPrivate ?? !chat.startsWith('-');
  const hear =
    isPrivate && (await asker.confirm('Is that chat yours alone, so that what is written there is obeyed?', true));
  return { kind: 'telegram', chat, hear };
}

/** Saves the owner from reading JSON; every way it can fail ends at the question for the number. */
async function lookForChat({ asker, fetch, secretOf }: WizardPorts, token: string): Promise<FoundChat | undefined> {
  if (!(await asker.confirm('Ask Telegram now who has written to the bot?', true))) return undefined;
  const chats = await findChats(token, secretOf('TELEGRAM_API_ROOT') ?? 'https://api.telegram.org', fetch);
  if (typeof chats === 'string' || chats.length === 0) {
    const why = typeof chats === 'string' ? `${chats}.` : 'Nobody has written to it yet.';
    asker.say(`${why} Later, https://api.telegram.org/bot<token>/getUpdates shows the number as message.chat.id.`);
    return undefined;
  }
  const options = chats.map(({ id, name, isPrivate }) => ({
    value: id,
    label: `${name} (${isPrivate ? 'private chat' : 'group'} ${id})`,
  }));
  const chosen = await asker.choose({
    message: 'Which one?',
    options: [...options, { value: '', label: 'None of these' }],
  });
  return chats.find(({ id }) => id === chosen);
}

async function askSlack(ports: WizardPorts, secrets: Secrets): Promise<ChannelAnswer> {
  ports.asker.say(
    "1. At https://api.slack.com/apps: Create New App, From scratch.\n2. OAuth & Permissions: bot token scopes chat:write and channels:history; Install to Workspace. The token begins with xoxb-.\n3. Invite the bot to the channel: /invite @name. The id is at the end of the channel's details.",
  );
  await askSecret(ports, secrets, 'SLACK_BOT_TOKEN', 'The bot token');
  const channel = await ports.asker.text({ message: 'The id of the channel', check: SLACK_CHANNEL });
  return { kind: 'slack', channel };
}

async function askWebhook({ asker, secretOf }: WizardPorts, secrets: Secrets): Promise<ChannelAnswer> {
  const url = await asker.text({ message: 'Its address', check: HTTP_URL });
  if (secretOf('NOTIFY_SECRET') === undefined) {
    secrets['NOTIFY_SECRET'] = `whsec_${randomBytes(32).toString('base64')}`;
    asker.say('Messages are signed. The key will be NOTIFY_SECRET in secrets.env; your program needs it too.');
  }
  return { kind: 'webhook', url };
}

async function askGithub(ports: WizardPorts, secrets: Secrets): Promise<GithubAnswer> {
  const kind = await ports.asker.choose({
    message: 'How shall news from GitHub come in?',
    options: [
      { value: 'poll', label: 'It asks GitHub every minute: nothing to open, works behind any router' },
      { value: 'webhook', label: 'GitHub sends webhooks: at once, but this machine must be reachable' },
      { value: 'later', label: 'Not at all, or later' },
    ],
  });
  if (kind === 'webhook') {
    ports.asker.say(
      'kairos webhook add github makes the secret and says what to click. Behind a router a tunnel is needed: docs/nat.md has exact commands.',
    );
  }
  if (kind !== 'poll') return { kind };
  const names = await ports.asker.text({
    message: 'Repositories, such as octo/app, octo/site (empty: later)',
    otherwise: '',
    check: (text) => (text === '' ? undefined : REPOSITORIES(text)),
  });
  if (names === '') return { kind: 'later' };
  ports.asker.say(
    'A token lets it ask more often and see private repositories: https://github.com/settings/personal-access-tokens/new, read access to Contents, Metadata, Issues, Pull requests, Actions and Checks of these repositories. Without one: public repositories, every ten minutes.',
  );
  await askSecret(ports, secrets, 'GITHUB_TOKEN', 'The token (empty: none)', true);
  return { kind: 'poll', repositories: listOf(names) };
}

async function askModel(ports: WizardPorts, secrets: Secrets): Promise<ModelAnswer> {
  const { asker } = ports;
  const kind = await asker.choose({
    message: 'A model? Rules, messages and digests work without one, and cost nothing.',
    options: [
      { value: 'none', label: 'None, for now' },
      { value: 'anthropic', label: 'Anthropic, with an API key (at most $5 a day unless you say otherwise)' },
      { value: 'server', label: 'A server of your own: Ollama, llama.cpp, vLLM, LM Studio' },
    ],
  });
  if (kind === 'none') return { kind };
  if (kind === 'anthropic') {
    asker.say('Keys are made at https://platform.claude.com/settings/keys.');
    await askSecret(ports, secrets, 'ANTHROPIC_API_KEY', 'The key');
    return { kind };
  }
  const baseUrl = await asker.text({
    message: 'Its address, without /v1',
    otherwise: 'http://127.0.0.1:11434',
    check: HTTP_URL,
  });
  secrets['ANTHROPIC_BASE_URL'] = baseUrl;
  const model = await asker.text({ message: 'The name of the model, such as qwen3-coder:30b', check: MODEL_NAME });
  return { kind, baseUrl, model };
}

async function askSecret(
  { asker, secretOf }: WizardPorts,
  secrets: Secrets,
  name: string,
  message: string,
  optional = false,
): Promise<string> {
  const known = secrets[name] ?? secretOf(name);
  if (known !== undefined) {
    asker.say(`${name} is there already.`);
    return known;
  }
  const check = (answer: string): string | undefined => (optional && answer === '' ? undefined : SECRET(answer));
  const value = await asker.secret({ message, check });
  if (value !== '') secrets[name] = value;
  return value;
}
