import { isTimeZone } from '../core/units.ts';
import { KairosError } from '../core/errors.ts';

/** A way to the owner besides the terminal. */
export type ChannelAnswer =
  /** `hear`: who writes in that private chat is the owner, and is obeyed. */
  | { readonly kind: 'telegram'; readonly chat: string; readonly hear: boolean }
  | { readonly kind: 'slack'; readonly channel: string }
  | { readonly kind: 'webhook'; readonly url: string };

/** How GitHub's events come in. `everyMs` is slow where no token was given. */
export type GithubAnswer = { readonly kind: 'later' } | { readonly kind: 'webhook' } | PollAnswer;
interface PollAnswer {
  readonly kind: 'poll';
  readonly repositories: readonly string[];
}

export type ModelAnswer =
  | { readonly kind: 'none' }
  | { readonly kind: 'anthropic' }
  /** Any server of the Messages API; its address goes to secrets.env. */
  | { readonly kind: 'server'; readonly baseUrl: string; readonly model: string };

/** What `kairos init` asks. */
export interface Answers {
  readonly timeZone: string;
  readonly port: number;
  readonly quietHours: { readonly from: string; readonly to: string } | undefined;
  readonly channels: readonly ChannelAnswer[];
  readonly github: GithubAnswer;
  readonly model: ModelAnswer;
  readonly service: boolean;
  /** For secrets.env, by name. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** The answers as options of the command. Secrets have none: a command line can be read by anybody on the machine. */
export interface InitOptions {
  readonly yes?: boolean;
  readonly timeZone?: string;
  readonly port?: string;
  readonly quietHours?: string;
  readonly channel?: readonly string[];
  readonly hear?: boolean;
  readonly github?: string;
  readonly repository?: readonly string[];
  readonly model?: string;
  readonly modelName?: string;
  readonly service?: boolean;
  readonly secretsStdin?: boolean;
  readonly try?: boolean;
  readonly add?: boolean;
}

const PORT_DEFAULT = 7717;

export function defaultAnswers(): Answers {
  return {
    timeZone: Temporal.Now.timeZoneId(),
    port: PORT_DEFAULT,
    quietHours: undefined,
    channels: [],
    github: { kind: 'later' },
    model: { kind: 'none' },
    service: false,
    secrets: {},
  };
}

/** Whether anything was answered on the command line; then nothing is asked. */
export function hasAnswers(options: InitOptions): boolean {
  return Object.keys(options).some((name) => ANSWERING.has(name));
}

const ANSWERING = new Set(
  'yes timeZone port quietHours channel hear github repository model modelName service secretsStdin try add'.split(' '),
);

/** @throws {KairosError} `INPUT_INVALID`, which names the option. */
export function answersOf(options: InitOptions, secrets: Readonly<Record<string, string>>): Answers {
  const defaults = defaultAnswers();
  const { timeZone = defaults.timeZone, port = String(defaults.port) } = options;
  demand(TIME_ZONE, '--time-zone', timeZone);
  demand(PORT, '--port', port);
  const model = modelOf(options);
  const baseUrl: Record<string, string> = model.kind === 'server' ? { ANTHROPIC_BASE_URL: model.baseUrl } : {};
  return {
    timeZone,
    port: Number(port),
    quietHours: options.quietHours === undefined ? undefined : quietHoursOf(options.quietHours),
    channels: (options.channel ?? []).map((text) => channelOf(text, options.hear === true)),
    github: githubOf(options),
    model,
    service: options.service === true,
    secrets: { ...baseUrl, ...secrets },
  };
}

/** Says what is expected when an answer is none; undefined when it is one. */
export type Check = (answer: string) => string | undefined;

const check =
  (expected: string, accepts: (answer: string) => boolean): Check =>
  (answer) =>
    accepts(answer) ? undefined : expected;

export const TIME_ZONE = check('an IANA time zone such as Europe/Berlin', isTimeZone);
const PORT = check('a port from 0 to 65535', (text) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535);
export const QUIET_HOURS = check('two different times such as 22:00-07:00', (text) => {
  const times = HOURS.exec(text);
  return times !== null && times[1] !== times[2];
});
export const CHAT = check('the number of a chat such as 123456 (of a group -100…)', (text) =>
  /^-?\d{1,19}$/.test(text),
);
export const SLACK_CHANNEL = check('the id of a channel such as C0123456789', (text) =>
  /^[CDGU][A-Z0-9]{2,20}$/.test(text),
);
export const HTTP_URL = check('an http or https address without a password', (text) => {
  if (!/^https?:\/\/[^\s@]+$/i.test(text)) return false;
  return URL.canParse(text);
});
export const REPOSITORIES = check('repositories such as octo/app, separated by commas', (text) => {
  const names = listOf(text);
  return names.length > 0 && names.length <= 100 && names.every((name) => REPOSITORY.test(name));
});
export const MODEL_NAME = check('the name of a model without spaces', (text) => /^[^\s"\\]{1,200}$/.test(text));
/** What secrets.env takes without quotes; every token of the services asked for is made of these. */
export const SECRET = check('8 or more of letters, digits and _.:+/=~-, and nothing else', (text) =>
  /^[A-Za-z0-9_.:+/=~-]{8,4096}$/.test(text),
);

const HOURS = /^((?:[01]\d|2[0-3]):[0-5]\d)\s*-\s*((?:[01]\d|2[0-3]):[0-5]\d)$/;
const REPOSITORY = /^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;

export function quietHoursOf(text: string): { from: string; to: string } {
  demand(QUIET_HOURS, '--quiet-hours', text);
  const [, from = '', to = ''] = HOURS.exec(text) ?? [];
  return { from, to };
}

/** Words separated by commas or blanks, each once. */
export function listOf(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((word) => word !== ''))];
}

function channelOf(text: string, hear: boolean): ChannelAnswer {
  const [, kind = '', place = ''] = /^([a-z]+):(.+)$/.exec(text) ?? [];
  if (kind === 'telegram') {
    demand(CHAT, '--channel telegram:', place);
    return { kind, chat: place, hear: hear && !place.startsWith('-') };
  }
  if (kind === 'slack') {
    demand(SLACK_CHANNEL, '--channel slack:', place);
    return { kind, channel: place };
  }
  if (kind === 'webhook') {
    demand(HTTP_URL, '--channel webhook:', place);
    return { kind, url: place };
  }
  throw wrong('--channel', 'telegram:CHAT, slack:CHANNEL or webhook:URL', text);
}

function githubOf({ github = 'later', repository = [] }: InitOptions): GithubAnswer {
  const repositories = repository.flatMap(listOf);
  if (repositories.length > 0) demand(REPOSITORIES, '--repository', repositories.join(','));
  if (github === 'poll') {
    if (repositories.length === 0) throw wrong('--github poll', 'at least one --repository owner/repo', 'none');
    return { kind: 'poll', repositories };
  }
  if (repositories.length > 0) throw wrong('--repository', '--github poll beside it', github);
  if (github === 'webhook' || github === 'later') return { kind: github };
  throw wrong('--github', 'webhook, poll or later', github);
}

function modelOf({ model = 'none', modelName }: InitOptions): ModelAnswer {
  if (model === 'none' || model === 'anthropic') {
    if (modelName !== undefined) throw wrong('--model-name', '--model with the address of a server beside it', model);
    return { kind: model };
  }
  if (HTTP_URL(model) !== undefined) throw wrong('--model', 'none, anthropic or the address of a server', model);
  if (modelName === undefined) throw wrong('--model-name', 'the name of a model of that server', 'none');
  demand(MODEL_NAME, '--model-name', modelName);
  return { kind: 'server', baseUrl: model, model: modelName };
}

function demand(rule: Check, option: string, answer: string): void {
  const expected = rule(answer);
  if (expected !== undefined) throw wrong(option, expected, answer);
}

function wrong(option: string, expected: string, got: string): KairosError {
  return new KairosError('INPUT_INVALID', `${option}: expected ${expected}, got ${JSON.stringify(got.slice(0, 80))}`);
}
