import { hash } from 'node:crypto';
import { Script } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { pageRoutes } from '../../src/web/page.ts';
import { makeServer } from './ports.ts';

describe('the page', () => {
  test('is one file that loads nothing from elsewhere, under a policy that runs its own script only', async () => {
    await using app = makeServer(pageRoutes());
    const answer = await app.inject({ url: '/' });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    const policy = String(answer.headers['content-security-policy']);
    const script = /<script>(.*?)<\/script>/s.exec(answer.body)?.[1] ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`script-src 'sha256-${hash('sha256', script, 'base64')}'`);
    expect(policy).not.toContain('unsafe');
    expect(answer.body).not.toMatch(/https?:\/\/|src=|@import|url\(|\son\w+=|style="/);
    expect(() => new Script(script)).not.toThrow();
    // What came from outside is text, never markup.
    expect(script).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/);
  });

  test('names its language, its parts and every field for those who do not see it', async () => {
    await using app = makeServer(pageRoutes());
    const { body } = await app.inject({ url: '/' });
    expect(body).toContain('<html lang="en">');
    expect(body).toMatch(/<a class="skip" href="#main">/);
    expect(body.match(/<section/g)?.length).toBe(
      body.match(/<section (id="enter" hidden )?aria-labelledby=|<noscript><section>/g)?.length,
    );
    for (const [, input] of body.matchAll(/(<input[^>]*>)/g)) {
      expect(body.slice(0, body.indexOf(input ?? '')).lastIndexOf('<label>')).toBeGreaterThan(
        body.slice(0, body.indexOf(input ?? '')).lastIndexOf('</label>'),
      );
    }
  });
});
