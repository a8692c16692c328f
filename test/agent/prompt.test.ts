import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Item } from '../../src/core/agent.ts';
import { surroundingItems } from '../../src/agent/instructions.ts';
import { createLiveText } from '../../src/agent/live-text.ts';
import { shownPayload } from '../../src/agent/payload.ts';
import { turnsOf } from '../../src/agent/prompt.ts';
import { untrustedBlock } from '../../src/agent/untrusted.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { folder, NOON_MS } from '../ledger/make.ts';
import { reply, text, world } from './run-world.ts';

const item = (kind: Item['kind'], words: string, more: Partial<Item> = {}): Item => ({
  atMs: 0,
  kind,
  text: words,
  trust: 'agent',
  ...more,
});

describe('a block of untrusted text', () => {
  const pieces = [
    '<',
    '/',
    'untrusted',
    'UNTRUSTED',
    '>',
    ' ',
    '\n',
    '\u200b',
    'un',
    'trusted',
    '‹',
    '＜',
    'x',
    '"',
    '&',
  ];
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.constantFrom(...pieces)).map((parts) => parts.join('')),
  );

  test('can be closed by nothing it holds [AGENT-UNTRUSTED-MARKED]', () => {
    fc.assert(
      fc.property(texts, texts, (source, content) => {
        const block = untrustedBlock(source, content);
        expect(block.match(/<\P{L}*untrusted/giu)).toHaveLength(2);
        expect(block.startsWith('<untrusted source="')).toBe(true);
        expect(block.endsWith('\n</untrusted>')).toBe(true);
        expect(/^<untrusted source="[^"<>\n]*">\n/.test(block)).toBe(true);
      }),
    );
  });

  test('leaves other text as it is', () => {
    const code = 'if (a < b) return <div>untrusted input</div>;';
    expect(untrustedBlock('tool read', code)).toBe(`<untrusted source="tool read">\n${code}\n</untrusted>`);
  });
});

describe('the turns of a conversation', () => {
  test('bear marks at the last two turns of the user, and leave out notes and blocks of other models', () => {
    const turns = turnsOf(
      [
        item('meta', 'started'),
        item('user', 'a'),
        item('assistant', '', { opaque: { model: 'other', block: {} } }),
        item('assistant', '', { opaque: { model: 'lead', block: { type: 'thinking' } } }),
        item('tool_use', '', { tool: 'look', callId: 'c' }),
        item('tool_result', '', { tool: 'look', callId: 'c', trust: 'tool' }),
        item('note', 'for people'),
        item('assistant', 'b'),
        item('user', 'c'),
      ],
      'lead',
    );
    expect(turns).toEqual([
      { role: 'user', blocks: [text('a')] },
      {
        role: 'assistant',
        blocks: [
          { kind: 'opaque', model: 'lead', block: { type: 'thinking' } },
          { kind: 'tool-use', id: 'c', name: 'look', input: {} },
        ],
      },
      { role: 'user', blocks: [{ kind: 'tool-result', id: 'c', text: '(no output)', isError: false }], cached: true },
      { role: 'assistant', blocks: [text('b')] },
      { role: 'user', blocks: [text('c')], cached: true },
    ]);
  });
});

describe('instructions', () => {
  const at = { timeZone: 'Europe/Berlin', afk: false, nowMs: NOON_MS, workspace: undefined } as const;

  test('stand beside the newest words of the user on every turn, and earlier copies stay as they were [AGENT-INSTRUCTIONS-LATE]', async () => {
    await using w = await world({ answers: ['1', '2'].map((word) => () => reply([text(word)])) });
    writeFileSync(join(w.home, 'KAIROS.md'), 'Be brief.');
    await w.attempt(await w.record('one'));
    writeFileSync(join(w.home, 'KAIROS.md'), 'Be verbose.');
    await w.attempt(await w.record('two'));
    const [first, second] = w.requests.map(({ turns }) => turns.map(({ blocks }) => blocks));
    expect(second?.slice(0, 1)).toEqual(first);
    expect(JSON.stringify(second?.[0])).toContain('Be brief.');
    expect(JSON.stringify(second?.at(-1))).toContain('Be verbose.');
    expect(w.requests[0]?.system).toBe(w.requests[1]?.system);
    expect(w.requests[1]?.system).not.toContain('Be ');
  });

  test('of a workspace have its trust, and are cut at 16 KiB [AGENT-INSTRUCTIONS-LATE]', async () => {
    using home = folder();
    writeFileSync(join(home.path, 'KAIROS.md'), 'x'.repeat(20_000));
    mkdirSync(join(home.path, 'app'));
    writeFileSync(join(home.path, 'app', 'AGENTS.md'), 'Use tabs.');
    const workspace = { name: 'app', path: join(home.path, 'app'), trust: 'owner' } as const;
    const own = await surroundingItems({ ...at, home: home.path, workspace });
    expect(own).toMatchObject({
      tainted: false,
      items: [{ trust: 'owner', text: expect.stringContaining('Use tabs.') }],
    });
    expect(own.items[0]?.text).toContain('(cut here: only the first 16 KiB are used)');
    expect(own.items[0]?.text).toContain('Monday 2026-11-02T13:00+01:00 (Europe/Berlin)');
    const foreign = await surroundingItems({ ...at, home: home.path, workspace: { ...workspace, trust: 'outside' } });
    expect(foreign).toMatchObject({
      tainted: true,
      items: [{ trust: 'outside', text: expect.stringContaining('Use tabs.') }, { trust: 'owner' }],
    });
    expect(foreign.items[1]?.text).not.toContain('Use tabs.');
  });

  test('of a workspace are not read through a link that leads out of it [AGENT-INSTRUCTIONS-LATE]', async () => {
    using home = folder();
    mkdirSync(join(home.path, 'app'));
    writeFileSync(join(home.path, 'key'), 'private');
    symlinkSync('../key', join(home.path, 'app', 'CLAUDE.md'));
    const workspace = { name: 'app', path: join(home.path, 'app'), trust: 'owner' } as const;
    const { items } = await surroundingItems({ ...at, home: home.path, workspace });
    expect(JSON.stringify(items)).not.toContain('private');
  });
});

describe('the payload of an event', () => {
  test('is shown without noise, and cut at 64 KiB', () => {
    const body = {
      action: 'opened',
      node_id: 'x',
      issue: { html_url: 'https://a', labels_url: 'https://b', title: 'T', milestone: null },
    };
    expect(JSON.parse(shownPayload(Buffer.from(JSON.stringify(body)), 'application/json'))).toEqual({
      action: 'opened',
      issue: { html_url: 'https://a', title: 'T' },
    });
    const form = `payload=${encodeURIComponent(JSON.stringify({ a: 1 }))}`;
    expect(shownPayload(Buffer.from(form), 'application/x-www-form-urlencoded')).toBe('{\n "a": 1\n}');
    expect(shownPayload(Buffer.from('no json'), 'text/plain')).toBe('no json');
    const long = shownPayload(
      Buffer.from(JSON.stringify({ list: Array.from({ length: 9 }, () => 'x'.repeat(16_000)) })),
      'application/json',
    );
    expect(Buffer.byteLength(long)).toBeLessThan(66_000);
  });
});

test('what is shown live is the redacted text, however it is cut into pieces [AGENT-REDACTED]', () => {
  const secret = 'correct-horse-battery';
  const { redact } = createRedactor([{ name: 'KEY', value: secret }]);
  const words = fc.array(
    fc.constantFrom(secret, 'a ', 'word', '\n', ' ', 'Bearer abcdefghijkl12345 ', 'Bearer', 'correct-'),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(words, fc.array(fc.nat(9), { minLength: 1 }), (parts, cuts) => {
      const whole = parts.join('');
      let shown = '';
      const live = createLiveText(redact, (piece) => (shown += piece));
      for (let from = 0, turn = 0; from < whole.length; turn += 1) {
        const to = from + 1 + (cuts[turn % cuts.length] ?? 0);
        live.add(whole.slice(from, to));
        from = to;
      }
      live.end();
      expect(shown).not.toContain(secret);
      expect(shown.replaceAll(/\s/g, '')).toBe(redact(whole).replaceAll(/\s/g, ''));
    }),
  );
});
