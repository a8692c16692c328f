import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { insertIntoConfig, type Addition } from '../../src/cli/config-insert.ts';

const PHONE: Addition = {
  kind: 'item',
  section: 'notify',
  value: '{ kind: telegram, chat: "1" }',
  identity: { kind: 'telegram', chat: '1' },
  before: ['{ kind: terminal }'],
};
const QUIET: Addition = { kind: 'key', section: 'budget', key: 'quietHours', value: '{ from: "22:00", to: "07:00" }' };
const MODELS: Addition = { kind: 'key', section: 'models', value: '{ lead: "qwen3" }' };

/** Whether every character of the old text is still there, in order. */
function onlyInserted(old: string, now: string): boolean {
  let place = 0;
  for (const char of now) if (char === old[place]) place += 1;
  return place === old.length;
}

describe('insertIntoConfig', () => {
  test.each([
    [
      'a block list',
      'notify:\n  - { kind: terminal }   # here\n  # more to come\nbudget:\n    messageTtl: 12h # half a day\n',
    ],
    ['lists and maps in brackets', 'notify: [{ kind: terminal },] # one\nbudget: { messageTtl: 12h }\n'],
    ['brackets over several lines', 'budget: {\n  messageTtl: 12h,\n}\nnotify: [\n  { kind: terminal }, # a\n]\n'],
    ['no line break at the end', 'budget:\n  messageTtl: 12h\nnotify:\n- kind: terminal'],
    ['line ends of Windows', 'budget:\r\n  messageTtl: 12h\r\nnotify:\r\n  - kind: terminal\r\n    name: here\r\n'],
    ['an empty list in brackets', 'notify: []\nbudget: {}\n'],
    ['neither section', '# mine\ntimezone: Europe/Berlin\n'],
    ['nothing but comments', '# mine\n'],
  ])('puts entries into %s and changes no character of it [FIRST-ADDITIVE]', (_name, old) => {
    const { text, added, byHand } = insertIntoConfig(old, [PHONE, QUIET, MODELS]);
    expect({ added: added.length, byHand }).toEqual({ added: 3, byHand: [] });
    expect(onlyInserted(old, text)).toBe(true);
    expect(text.includes('\r\n')).toBe(old.includes('\r\n'));
    const before = (parse(old) ?? {}) as { notify?: unknown[]; budget?: object };
    const now = parse(text) as Record<string, unknown>;
    expect(now['notify']).toEqual([...(before.notify ?? [{ kind: 'terminal' }]), { kind: 'telegram', chat: '1' }]);
    expect(now['budget']).toEqual({ ...before.budget, quietHours: { from: '22:00', to: '07:00' } });
    for (const line of old.split(/\r?\n/).filter((each) => each.includes('#')))
      expect(text).toContain(line.slice(line.indexOf('#')));
    expect(insertIntoConfig(text, [PHONE, QUIET, MODELS])).toMatchObject({ text, added: [], byHand: [] });
  });

  test.each([
    ['does not parse', 'notify: [\n'],
    ['is no mapping', '- 1\n'],
    ['has something else in that place', 'notify: yes\nbudget: 3\nmodels: {}\n'],
    ['is one pair of braces', '{ timezone: Europe/Berlin }\n'],
    ['has an alias in that place', 'x: &a [1]\nnotify: *a\nbudget: *a\nmodels: 1\n'],
  ])('leaves alone a file that %s [FIRST-ADDITIVE]', (_name, old) => {
    expect(insertIntoConfig(old, [PHONE, QUIET, MODELS])).toMatchObject({ text: old, added: [] });
  });

  test('whatever the file holds, nothing is lost of it [FIRST-ADDITIVE]', () => {
    const value = fc.oneof(
      fc.constant('{ kind: terminal }'),
      fc.constant('"a, b"'),
      fc.constant('|\n      text # no comment'),
      fc.constant('[1, 2]'),
    );
    const block = fc.array(value, { maxLength: 3 }).map((items) => items.map((item) => `  - ${item}\n`).join(''));
    const comment = fc.constantFrom('', '# c\n', '\n', '  # deeper\n');
    fc.assert(
      fc.property(block, comment, comment, fc.boolean(), (items, between, after, first) => {
        const notify = `notify:\n${items}`;
        const budget = `budget:\n  messageTtl: 12h\n`;
        const old = first ? notify + between + budget + after : budget + between + notify + after;
        const { text, added } = insertIntoConfig(old, [PHONE, QUIET]);
        expect(onlyInserted(old, text)).toBe(true);
        const before = parse(old) as { notify: unknown[] | null };
        const now = parse(text) as { notify: unknown[] | null };
        expect(now.notify).toEqual(
          added.includes(PHONE) ? [...(before.notify ?? []), { kind: 'telegram', chat: '1' }] : before.notify,
        );
      }),
    );
  });
});
