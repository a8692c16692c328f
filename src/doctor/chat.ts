import {
  ok,
  readConfigFor,
  skip,
  warn,
  type Check,
  type CheckedConfig,
  type DoctorPorts,
  type Found,
} from './check.ts';

/** What the running daemon says of it. */
interface Answer {
  readonly listening?: readonly { readonly name: string; readonly state: string; readonly reason: string }[];
}

/** Tokens with which a bot could hear. */
const TOKENS = { telegram: 'TELEGRAM_BOT_TOKEN', slack: 'SLACK_BOT_TOKEN' } as const;
type Kind = keyof typeof TOKENS;

/** Who may speak to it is heard, or the owner knows that nobody is. Nothing is called to find out. */
export const chat: Check = {
  name: 'chat',
  about: 'Who may speak to it is heard.',
  async look(ports) {
    const config = readConfigFor(ports);
    if ('unusable' in config) return [skip(config.unusable)];
    const deaf = (['telegram', 'slack'] as const).flatMap((kind) => deafOn(kind, config, ports));
    const troubled = await troubledOnes(ports);
    const heard = config.notify.filter(({ allow = [] }) => allow.length > 0);
    const found = [...deaf, ...troubled];
    if (found.length > 0 || heard.length === 0) return found;
    return [ok(`somebody may speak on ${heard.map(({ name }) => name).join(', ')}`)];
  },
};

function deafOn(kind: Kind, { notify }: CheckedConfig, { secrets }: DoctorPorts): Found[] {
  const mine = notify.filter((one) => one.kind === kind);
  const isBot = secrets().of(TOKENS[kind]) !== undefined;
  if (mine.length === 0 || !isBot || mine.some(({ allow = [] }) => allow.length > 0)) return [];
  const names = mine.map(({ name }) => name).join(', ');
  return [ok(`${names}: it tells you things, and hears nobody: that takes allow: [your id] (docs/chat.md)`)];
}

async function troubledOnes({ daemon }: DoctorPorts): Promise<Found[]> {
  const running = await daemon();
  const status = await running?.get<Answer>('/api/status').catch(() => undefined);
  const troubled = (status?.listening ?? []).filter(({ state }) => state === 'refused' || state === 'failing');
  return troubled.map(({ name, state, reason }) => {
    const fix =
      state === 'refused'
        ? `Correct the token of ${name} in secrets.env, or what its reason names (docs/chat.md).`
        : 'It is tried again by itself.';
    return warn(`${name}: ${reason}`, 'What you write there is not heard.', fix);
  });
}
