import { describe, expect, test } from 'vitest';
import { signedHeaders } from '../../src/doctor/sign.ts';
import { SOURCE_KINDS } from '../../src/webhooks/kinds.ts';
import type { SourceKindName } from '../../src/webhooks/source.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const SECRETS: Readonly<Record<SourceKindName, string>> = {
  github: 'plain-secret-of-32-characters-xx',
  standard: `whsec_${Buffer.from('k'.repeat(32)).toString('base64')}`,
  slack: 'slack-signing-secret-0123456789a',
  telegram: 'telegram_secret-token-0123456789',
  gitlab: 'gitlab-token-0123456789abcdef012',
  bearer: 'bearer-token-0123456789abcdef012',
};

describe('signedHeaders', () => {
  test.each(Object.keys(SECRETS) as SourceKindName[])(
    '%s accepts what is signed so, and nothing signed otherwise [WEB-SOURCES]',
    (kind) => {
      const body = '{"type":"test","text":"schön"}';
      const verifier = SOURCE_KINDS[kind].prepare([SECRETS[kind]]);
      const verdict = (secret: string): boolean => {
        const headers = signedHeaders({ kind, secret, body, delivery: 'test-1', type: 'push', nowMs: NOW });
        const check = verifier.begin(headers, NOW);
        check?.update(Buffer.from(body));
        return check?.verify() ?? false;
      };
      expect(verdict(SECRETS[kind])).toBe(true);
      expect(verdict('another-secret-0123456789abcdef0')).toBe(false);
    },
  );
});
