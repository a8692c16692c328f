import { hash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { KairosError } from '../core/errors.ts';

/** The cookie in which the page keeps the token. */
export const TOKEN_COOKIE = 'kairos_token';

const PUBLIC_PATHS = new Set(['/', '/healthz', '/readyz', '/api/session']);

/** Who may call what. Loopback is no authentication: any page in a browser can reach it, so Host and Origin are checked too. */
export function createGuard(token: string, hosts: readonly string[]): (request: FastifyRequest) => void {
  if (token === '') throw new KairosError('CONFIG_INVALID', 'the API token is empty; it would let everybody in');
  const expected = digest(token);
  const names = new Set(['localhost', ...hosts].map((name) => name.toLowerCase()));
  return (request) => {
    const path = request.url.split('?', 1)[0] ?? '';
    if (path.startsWith('/webhooks/') || path === '/healthz' || path === '/readyz') return;
    requireKnownHost(request, names);
    if (PUBLIC_PATHS.has(path) || path.startsWith('/static/')) return;
    const given = bearer(request) ?? cookie(request);
    if (given === undefined || !timingSafeEqual(digest(given), expected)) {
      throw new KairosError('TOKEN_REFUSED', 'the API token is missing or wrong');
    }
  };
}

/** True when a given token is the right one; in constant time, whatever its length. */
export function sameToken(given: string, token: string): boolean {
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

/**
 * A name that resolves here is not enough (DNS rebinding): the Host must be an address, localhost or configured. And
 * another port of this machine is another origin: cookies do not tell them apart, so this must. A configured name may stand
 * behind a proxy that changes the port.
 */
function requireKnownHost(request: FastifyRequest, names: ReadonlySet<string>): void {
  const { host, origin } = request.headers;
  const name = hostName(host ?? '');
  if (name === undefined || !(isAddress(name) || names.has(name))) {
    throw new KairosError(
      'ORIGIN_REFUSED',
      'the Host header names neither an address, nor localhost, nor a configured host',
    );
  }
  if (origin === undefined) return;
  const caller = origin.replace(/^https?:\/\//i, '').toLowerCase();
  const behindProxy = !isLocal(name) && hostName(caller) === name;
  if (caller !== host?.toLowerCase() && !behindProxy) {
    throw new KairosError('ORIGIN_REFUSED', 'the call comes from a page of another origin');
  }
}

function hostName(host: string): string | undefined {
  const found = /^(\[[0-9a-f:.]+\]|[^:/@\s]+)(:\d+)?$/i.exec(host);
  return found?.[1]?.toLowerCase();
}

function isLocal(name: string): boolean {
  return name === 'localhost' || isAddress(name);
}

function isAddress(name: string): boolean {
  return name.startsWith('[') || /^\d{1,3}(\.\d{1,3}){3}$/.test(name);
}

function bearer(request: FastifyRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

function cookie(request: FastifyRequest): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === TOKEN_COOKIE) return value;
  }
  return undefined;
}
