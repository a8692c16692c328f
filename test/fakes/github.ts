import { hash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Fields = Record<string, unknown>;

/** What one repository of the stand-in holds; lists are newest first, as GitHub's are. */
export interface FakeRepository {
  readonly events: Fields[];
  readonly runs: Fields[];
  readonly pulls: Map<number, Fields>;
  readonly compares: Map<string, readonly Fields[]>;
  /** By branch or commit. */
  readonly checks: Map<string, Fields[]>;
  readonly defaultBranch: string;
}

/** What goes wrong with the next request whose path matches. */
export interface Fault {
  readonly path?: RegExp;
  /** How often; default once. */
  readonly times?: number;
  readonly kind: 'status' | 'hang' | 'close' | 'garbage' | 'huge' | 'half';
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Request {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  status: number;
}

/** A stand-in for api.github.com that speaks its wire format over real HTTP, and does what a test tells it. */
export interface FakeGitHub extends AsyncDisposable {
  readonly url: string;
  readonly requests: Request[];
  /** Makes it on first use. */
  repository(name: string): FakeRepository;
  readonly notifications: Fields[];
  fail(fault: Fault): void;
  /** No more faults. */
  heal(): void;
  /** Requests of this hour; an answer 304 to a request with a token costs none. */
  rate: { limit: number; remaining: number; resetAtMs: number };
  /** What X-Poll-Interval says. */
  pollIntervalSeconds: number;
  /** The only token that is good; undefined: everybody may ask. */
  token: string | undefined;
}

export async function startFakeGitHub(wallMs: () => number): Promise<FakeGitHub> {
  const repositories = new Map<string, FakeRepository>();
  const faults: (Fault & { left: number })[] = [];
  const server = createServer((request, response) => serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fake: FakeGitHub = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    notifications: [],
    rate: { limit: 5_000, remaining: 5_000, resetAtMs: wallMs() + 3_600_000 },
    pollIntervalSeconds: 60,
    token: undefined,
    repository(name) {
      const known = repositories.get(name) ?? emptyRepository();
      repositories.set(name, known);
      return known;
    },
    fail: (fault) => void faults.push({ ...fault, left: fault.times ?? 1 }),
    heal: () => void faults.splice(0),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    const entry: Request = { path, headers: request.headers, status: 0 };
    fake.requests.push(entry);
    if (wallMs() >= fake.rate.resetAtMs)
      fake.rate = { ...fake.rate, remaining: fake.rate.limit, resetAtMs: wallMs() + 3_600_000 };
    response.on('close', () => (entry.status = response.headersSent ? response.statusCode : 0));
    response.setHeader('date', new Date(wallMs()).toUTCString());
    const fault = faults.find((one) => one.left > 0 && (one.path?.test(path) ?? true));
    if (fault !== undefined) {
      fault.left -= 1;
      return misbehave(fault, response);
    }
    if (fake.token !== undefined && request.headers.authorization !== `Bearer ${fake.token}`)
      return send(response, 401, { message: 'Bad credentials' });
    const url = new URL(path, fake.url);
    const content = contentOf(url, repositories, fake);
    if (content === undefined) return spend(response, 404, { message: 'Not Found' });
    const page = Array.isArray(content.list) ? paged(content.list, url) : undefined;
    if (page?.next !== undefined) response.setHeader('link', `<${page.next}>; rel="next", <${page.next}>; rel="last"`);
    if (content.polled) response.setHeader('x-poll-interval', String(fake.pollIntervalSeconds));
    answer(request, response, content.wrap(page?.items));
  }

  function answer(request: IncomingMessage, response: ServerResponse, body: unknown): void {
    const etag = `W/"${hash('sha256', JSON.stringify(body))}"`;
    response.setHeader('etag', etag);
    const free = request.headers['if-none-match'] === etag && request.headers.authorization !== undefined;
    if (request.headers['if-none-match'] !== etag || (!free && fake.rate.remaining <= 0))
      return spend(response, 200, body);
    if (!free) fake.rate.remaining -= 1;
    rateHeaders(response);
    response.writeHead(304).end();
  }

  function spend(response: ServerResponse, status: number, body: unknown): void {
    if (fake.rate.remaining <= 0) {
      rateHeaders(response);
      return send(response, 403, { message: 'API rate limit exceeded for user ID 1.' });
    }
    fake.rate.remaining -= 1;
    rateHeaders(response);
    send(response, status, body);
  }

  function rateHeaders(response: ServerResponse): void {
    response.setHeader('x-ratelimit-limit', fake.rate.limit);
    response.setHeader('x-ratelimit-remaining', fake.rate.remaining);
    response.setHeader('x-ratelimit-reset', Math.ceil(fake.rate.resetAtMs / 1_000));
    response.setHeader('x-ratelimit-resource', 'core');
  }
}

interface Content {
  readonly list?: readonly unknown[];
  readonly polled?: boolean;
  wrap(items: readonly unknown[] | undefined): unknown;
}

const asIs = (items: readonly unknown[] | undefined): unknown => items;

function contentOf(url: URL, repositories: ReadonlyMap<string, FakeRepository>, fake: FakeGitHub): Content | undefined {
  if (url.pathname === '/notifications') return { list: fake.notifications, polled: true, wrap: asIs };
  const [, name = '', rest = ''] = /^\/repos\/([^/]+\/[^/]+)(.*)$/.exec(url.pathname) ?? [];
  const repository = repositories.get(name);
  if (repository === undefined) return undefined;
  if (rest === '') return { wrap: () => ({ full_name: name, default_branch: repository.defaultBranch }) };
  if (rest === '/events') return { list: repository.events, polled: true, wrap: asIs };
  if (rest === '/pulls') return { list: [...repository.pulls.values()], wrap: asIs };
  if (rest === '/actions/runs')
    return { list: repository.runs, wrap: (items) => ({ total_count: repository.runs.length, workflow_runs: items }) };
  const checks = repository.checks.get(decodeURIComponent(/^\/commits\/([^/]+)\/check-runs$/.exec(rest)?.[1] ?? ''));
  if (checks !== undefined)
    return { list: checks, wrap: (items) => ({ total_count: checks.length, check_runs: items }) };
  const commits = repository.compares.get(/^\/compare\/(.+)$/.exec(rest)?.[1] ?? '');
  if (commits !== undefined) return { wrap: () => ({ status: 'ahead', total_commits: commits.length, commits }) };
  const pull = repository.pulls.get(Number(/^\/pulls\/(\d+)$/.exec(rest)?.[1]));
  return pull && { wrap: () => pull };
}

/** One page of a list, and the address of the next. */
function paged(list: readonly unknown[], url: URL): { items: readonly unknown[]; next: string | undefined } {
  const size = Number(url.searchParams.get('per_page') ?? 30);
  const page = Number(url.searchParams.get('page') ?? 1);
  const next = new URL(url);
  next.searchParams.set('page', String(page + 1));
  return { items: list.slice((page - 1) * size, page * size), next: list.length > page * size ? next.href : undefined };
}

function misbehave(fault: Fault, response: ServerResponse): void {
  for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value);
  if (fault.kind === 'hang') return;
  if (fault.kind === 'close') return void response.destroy();
  if (fault.kind === 'garbage') return void response.writeHead(200).end('<html>Unicorn!');
  if (fault.kind === 'half') return void response.writeHead(200, { 'content-length': 1_000 }).write('[{"id":');
  if (fault.kind === 'huge') {
    response.writeHead(200);
    return void response.end(`["${'x'.repeat(6 * 1_048_576)}"]`);
  }
  send(response, fault.status ?? 500, fault.body ?? { message: 'Server Error' });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

function emptyRepository(): FakeRepository {
  return { events: [], runs: [], pulls: new Map(), compares: new Map(), checks: new Map(), defaultBranch: 'main' };
}
