import { z } from 'zod';
import { slackOptions } from './channels/slack.ts';
import { telegramOptions } from './channels/telegram.ts';
import { terminalOptions } from './channels/terminal.ts';
import { webhookOptions } from './channels/webhook.ts';

/** Every kind of channel: a new one is a file in `channels/`, a line here and one in `createChannels`. */
const KINDS = [terminalOptions, webhookOptions, slackOptions, telegramOptions] as const;

const KIND_NAMES = KINDS.map((kind) => kind.shape.kind.value);

type ChannelSection = z.output<(typeof KINDS)[number]>;

/** One entry of `notify:`, with a name of its own. */
export type ChannelOptions = ChannelSection & { readonly name: string };

const NAME = /^[a-z0-9][a-z0-9-]{0,39}$/;

/** Schema of `notify:`. Default: the terminal. A channel without a name is called after its kind (`webhook`, `webhook-2`). */
export const notifyOptions = z
  .array(
    z.discriminatedUnion('kind', KINDS, {
      error: (issue) =>
        issue.code === 'invalid_union'
          ? `kind must be one of ${KIND_NAMES.join(', ')}, got ${JSON.stringify((issue.input as { kind?: unknown })?.kind)}`
          : undefined,
    }),
  )
  .max(16)
  .prefault([{ kind: 'terminal' }])
  .superRefine((sections, context) => {
    for (const [index, { name }] of sections.entries()) {
      if (name === undefined) continue;
      const path = [index, 'name'];
      if (!NAME.test(name)) {
        context.addIssue({ code: 'custom', path, message: 'must be 1 to 40 of a-z, 0-9 and -, such as phone' });
      } else if (sections.findIndex((other) => other.name === name) < index) {
        context.addIssue({ code: 'custom', path, message: `must differ from the other names, got ${name} twice` });
      }
    }
  })
  .transform(nameChannels);

function nameChannels(sections: readonly ChannelSection[]): ChannelOptions[] {
  const taken = new Set(sections.flatMap(({ name }) => name ?? []));
  return sections.map((section) => {
    if (section.name !== undefined) return { ...section, name: section.name };
    let name: string = section.kind;
    for (let number = 2; taken.has(name); number += 1) name = `${section.kind}-${number}`;
    taken.add(name);
    return { ...section, name };
  });
}
