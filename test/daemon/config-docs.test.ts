import { describe, expect, test } from 'vitest';
import { EXAMPLES } from '../../scripts/config-docs-text.ts';
import { configKeys, renderConfigDocs } from '../../scripts/config-docs.ts';
import { readText } from '../repository.ts';

describe('docs/configuration.md', () => {
  test('is what the schema generates; if not: bin/node scripts/config-docs.ts [HOUSE-CONFIG-DOC]', () => {
    expect(readText('docs/configuration.md')).toBe(renderConfigDocs());
  });

  test('says bounds, default and meaning of a key as the schema has them [HOUSE-CONFIG-DOC]', () => {
    const keys = new Map(configKeys().map((key) => [key.path, key]));
    expect(keys.get('server.port')).toMatchObject({ type: 'whole number 0 to 65535', default: '`7717`' });
    expect(keys.get('budget.messageTtl')).toMatchObject({ type: 'duration 1m to 30d', default: '`12h`' });
    expect(keys.get('journal.maxBytes')).toMatchObject({ default: '`1MB`' });
    expect(keys.get('budget.windows[].per')).toMatchObject({ default: 'required' });
    expect(keys.get('notify[].url')?.meaning).toContain('Only for webhook');
  });

  test.each(configKeys().map(({ path }) => path))('has an example of %s [HOUSE-CONFIG-DOC]', (path) => {
    const [section = '', ...rest] = path.replaceAll('[]', '').split('.');
    const name = rest.at(-1) ?? section;
    expect(EXAMPLES[section]).toMatch(new RegExp(`\\b${name}:`));
  });
});
