import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { ERRORS, KairosError, messageOf, type ErrorCode } from '../core/errors.ts';
import type { Env } from '../daemon/home.ts';

/** The daemon of a home, over its API. */
export interface Client {
  readonly url: string;
  readonly pid: number;
  /** The API token. */
  readonly token: string;
  /** @param timeoutMs Default ten seconds. */
  get<Answer>(path: string, timeoutMs?: number): Promise<Answer>;
  /** @param timeoutMs Default ten seconds. */
  post<Answer>(path: string, body?: unknown, timeoutMs?: number): Promise<Answer>;
}

/** An answer as it came. */
export interface RawAnswer {
  readonly status: number;
  readonly body: string;
}

export interface RawRequest {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Default ten seconds. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 64 * 1_048_576;

/**
 * Finds the daemon of a home by its `run.json` and `token`. `KAIROS_API_TOKEN` overrides the token.
 *
 * @throws {KairosError} `NOT_RUNNING` when there is none, or its process is gone.
 */
export function openClient(home: string, env: Env): Client {
  const { pid, url } = readRun(home);
  const token = env['KAIROS_API_TOKEN'] || readToken(home);
  const call = async <Answer>(method: string, path: string, body?: unknown, timeoutMs?: number): Promise<Answer> => {
    const answer = await send(`${url}${path}`, {
      method,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw unreachable(home, url, error);
    });
    return readAnswer(answer) as Answer;
  };
  return {
    url,
    pid,
    token,
    get: (path, timeoutMs) => call('GET', path, undefined, timeoutMs),
    post: (path, body = {}, timeoutMs) => call('POST', path, body, timeoutMs),
  };
}

/** The daemon, or undefined when none runs. */
export function findClient(home: string, env: Env): Client | undefined {
  try {
    return openClient(home, env);
  } catch (error) {
    if (error instanceof KairosError && error.code === 'NOT_RUNNING') return undefined;
    throw error;
  }
}

/** One HTTP exchange with a deadline, ten seconds unless said otherwise. Rejects when no answer comes; any status is an answer. */
export function send(
  url: string,
  { method, headers = {}, body, timeoutMs = TIMEOUT_MS }: RawRequest,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method, headers, agent: false, signal: AbortSignal.timeout(timeoutMs) },
      (incoming) => {
        const pieces: Buffer[] = [];
        let bytes = 0;
        incoming.on('data', (piece: Buffer) => {
          pieces.push(piece);
          bytes += piece.length;
          if (bytes > ANSWER_BYTES_MAX) incoming.destroy(new Error('the answer is too long'));
        });
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(pieces).toString('utf8') }),
        );
        incoming.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Whether a process is there; one of another user is, one that has ended and that nobody has waited for is not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Only Linux tells. The state comes after the name, which is in brackets and may hold any character. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return /^ [ZXx] /.test(stat.slice(stat.lastIndexOf(')') + 1));
  } catch {
    return false;
  }
}

function readRun(home: string): { pid: number; url: string } {
  const path = join(home, 'run.json');
  const run = parseObject(readIfThere(path));
  const { pid, url } = run;
  if (typeof pid !== 'number' || typeof url !== 'string' || !URL.canParse(url)) {
    throw notRunning(home, existsSync(home) ? 'has no run.json' : 'does not exist yet');
  }
  if (!isAlive(pid)) throw notRunning(home, `was left by process ${pid}, which is gone`);
  return { pid, url: url.replace(/\/$/, '') };
}

function readToken(home: string): string {
  return readIfThere(join(home, 'token')).trim();
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new KairosError('HOME_UNUSABLE', `${path} can't be read`, {}, error);
  }
}

function notRunning(home: string, why: string): KairosError {
  return new KairosError('NOT_RUNNING', `expected a running daemon, but the home ${home} ${why}`);
}

function unreachable(home: string, url: string, error: unknown): KairosError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET') return notRunning(home, `names ${url}, where nobody answers`);
  const late = error instanceof Error && error.name === 'TimeoutError';
  const why = late ? `no answer within ${TIMEOUT_MS / 1_000} s` : messageOf(error);
  return new KairosError('OVERLOADED', `${url}: ${why}`, {}, error);
}

function readAnswer({ status, body }: RawAnswer): unknown {
  const document = parseObject(body);
  if (status >= 200 && status < 300) return document;
  const code = String(document['code']);
  const detail = typeof document['detail'] === 'string' ? document['detail'] : `the daemon answered ${status}`;
  throw new KairosError(code in ERRORS ? (code as ErrorCode) : 'INTERNAL', detail);
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
