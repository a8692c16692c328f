import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';

/**
 * `GET /`: the page. One static file that holds no data; it asks for the token once and reads the API. Its own style and
 * script are the only ones a browser will run (by their hashes), and it may talk to nobody but us.
 */
export function pageRoutes(): (app: FastifyInstance) => void {
  const html = readFileSync(join(import.meta.dirname, 'page.html'), 'utf8');
  const policy = [
    "default-src 'none'",
    `script-src ${hashesOf(html, 'script')}`,
    `style-src ${hashesOf(html, 'style')}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return (app) => {
    app.get('/', async (_request, reply) =>
      reply
        .type('text/html; charset=utf-8')
        .headers({
          'content-security-policy': policy,
          'cache-control': 'no-cache',
          'referrer-policy': 'no-referrer',
          'x-content-type-options': 'nosniff',
          'cross-origin-opener-policy': 'same-origin',
        })
        .send(html),
    );
  };
}

function hashesOf(html: string, tag: string): string {
  const texts = [...html.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, 'gs'))].map((match) => match[1] ?? '');
  return texts.map((text) => `'sha256-${hash('sha256', text, 'base64')}'`).join(' ');
}
