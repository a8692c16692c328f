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
  readonly issues: Map<number, Fields>;
  /** By number of the issue or pull request, oldest first, as GitHub's are. */
  readonly comments: Map<number, Fields[]>;
  readonly reviews: Map<number, Fields[]>;
  readonly reviewComments: Map<number, Fields[]>;
  readonly files: Map<number, Fields[]>;
  readonly hooks: FakeHook[];
}

/** A webhook of a repository, with what GitHub sent, newest first. */
export interface FakeHook {
  readonly id: number;
  readonly url: string;
  readonly deliveries: Fields[];
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
  readonly method: string;
  readonly path: string;
  body: unknown;
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
  /** Tokens that are no administrator's: webhooks are not to be seen. */
  admin: boolean;
  /** Called when GitHub is asked to deliver something once more; what it returns is the status the receiver answers. */
  onRedeliver: (delivery: Fields) => Promise<number>;
  /** The next change is made, and its answer is lost. */
  loseNextAnswer: boolean;
}

export async function startFakeGitHub(wallMs: () => number): Promise<FakeGitHub> {
  const repositories = new Map<string, FakeRepository>();
  const faults: (Fault & { left: number })[] = [];
  const server = createServer((request, response) => void begin(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fake: FakeGitHub = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    notifications: [],
    rate: { limit: 5_000, remaining: 5_000, resetAtMs: wallMs() + 3_600_000 },
    pollIntervalSeconds: 60,
    token: undefined,
    admin: true,
    onRedeliver: async () => 202,
    loseNextAnswer: false,
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

  async function begin(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    serve(request, response, text === '' ? undefined : JSON.parse(text));
  }

  function serve(request: IncomingMessage, response: ServerResponse, body: unknown): void {
    const path = request.url ?? '';
    const entry: Request = { method: request.method ?? 'GET', path, body, headers: request.headers, status: 0 };
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
    if (request.method === 'POST') return void change(url, body as Fields, response);
    const content = contentOf(url, repositories, fake);
    if (content === undefined) return spend(response, 404, { message: 'Not Found' });
    const { list, cursor } = content;
    const page = list === undefined ? undefined : cursor === undefined ? paged(list, url) : byCursor(list, cursor, url);
    if (page?.next !== undefined) response.setHeader('link', `<${page.next}>; rel="next", <${page.last}>; rel="last"`);
    if (content.polled) response.setHeader('x-poll-interval', String(fake.pollIntervalSeconds));
    answer(request, response, content.wrap(page?.items));
  }

  async function change(url: URL, body: Fields, response: ServerResponse): Promise<void> {
    const made = await changed(url, body, repositories, fake, wallMs);
    if (made === undefined) return spend(response, 404, { message: 'Not Found' });
    if (!fake.loseNextAnswer) return spend(response, made.status, made.body);
    fake.loseNextAnswer = false;
    response.destroy();
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
  /** Where a list that is read by a cursor goes on. */
  readonly cursor?: number;
  wrap(items: readonly unknown[] | undefined): unknown;
}

const asIs = (items: readonly unknown[] | undefined): unknown => items;

function contentOf(url: URL, repositories: ReadonlyMap<string, FakeRepository>, fake: FakeGitHub): Content | undefined {
  if (url.pathname === '/search/issues') {
    const name = /repo:(\S+)/.exec(url.searchParams.get('q') ?? '')?.[1] ?? '';
    const found = [...(repositories.get(name)?.issues.values() ?? [])];
    return { list: found, wrap: (items) => ({ total_count: found.length, items }) };
  }
  if (url.pathname === '/notifications') return { list: fake.notifications, polled: true, wrap: asIs };
  const [, name = '', rest = ''] = /^\/repos\/([^/]+\/[^/]+)(.*)$/.exec(url.pathname) ?? [];
  const repository = repositories.get(name);
  if (repository === undefined) return undefined;
  if (rest === '') return { wrap: () => ({ full_name: name, default_branch: repository.defaultBranch }) };
  if (rest === '/events') return { list: repository.events, polled: true, wrap: asIs };
  const hooks = hookContent(rest, repository, fake, url);
  if (hooks !== undefined) return hooks;
  const talk = talkContent(rest, repository);
  if (talk !== undefined) return talk;
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

function hookContent(rest: string, { hooks }: FakeRepository, fake: FakeGitHub, url: URL): Content | undefined {
  if (!rest.startsWith('/hooks') || !fake.admin) return undefined;
  if (rest === '/hooks') {
    const list = hooks.map((hook) => ({ id: hook.id, active: true, config: { url: hook.url, content_type: 'json' } }));
    return { list, wrap: asIs };
  }
  const hook = hooks.find(({ id }) => rest === `/hooks/${id}/deliveries`);
  // By a cursor, not by pages.
  return hook && { list: hook.deliveries, cursor: Number(url.searchParams.get('cursor') ?? 0), wrap: asIs };
}

function talkContent(rest: string, repository: FakeRepository): Content | undefined {
  const [, kind, digits = '', what = ''] = /^\/(issues|pulls)\/(\d+)(\/\w+)?$/.exec(rest) ?? [];
  if (rest === '/issues') return { list: [...repository.issues.values()], wrap: asIs };
  const number = Number(digits);
  const lists: Record<string, Map<number, Fields[]>> = {
    'issues/comments': repository.comments,
    'pulls/reviews': repository.reviews,
    'pulls/comments': repository.reviewComments,
    'pulls/files': repository.files,
  };
  const known = repository.issues.has(number) || repository.pulls.has(number);
  const list = lists[`${kind}${what}`];
  if (list !== undefined && known) return { list: list.get(number) ?? [], wrap: asIs };
  const issue = kind === 'issues' && what === '' ? repository.issues.get(number) : undefined;
  return issue && { wrap: () => issue };
}

/** A change, made; undefined when there is no such place. */
async function changed(
  url: URL,
  body: Fields,
  repositories: ReadonlyMap<string, FakeRepository>,
  fake: FakeGitHub,
  wallMs: () => number,
): Promise<{ status: number; body: unknown } | undefined> {
  const [, name = '', rest = ''] = /^\/repos\/([^/]+\/[^/]+)(.*)$/.exec(url.pathname) ?? [];
  const repository = repositories.get(name);
  if (repository === undefined) return undefined;
  const attempt = /^\/hooks\/(\d+)\/deliveries\/(\d+)\/attempts$/.exec(rest);
  if (attempt !== null) {
    const hook = fake.admin ? repository.hooks.find(({ id }) => id === Number(attempt[1])) : undefined;
    const delivery = hook?.deliveries.find(({ id }) => id === Number(attempt[2]));
    if (hook === undefined || delivery === undefined) return undefined;
    const status = await fake.onRedeliver(delivery);
    const again = {
      ...delivery,
      id: nextId(),
      redelivery: true,
      status_code: status,
      delivered_at: instantOf(wallMs()),
    };
    hook.deliveries.unshift(again);
    return { status: 202, body: {} };
  }
  const [, kind, digits = ''] =
    /^\/(issues\/\d+\/comments|pulls\/\d+\/reviews)$/.exec(rest) === null
      ? []
      : (/^\/(issues|pulls)\/(\d+)/.exec(rest) ?? []);
  const number = Number(digits);
  if (kind === undefined || (!repository.issues.has(number) && !repository.pulls.has(number))) return undefined;
  if (typeof body['body'] !== 'string' || body['body'] === '')
    return { status: 422, body: { message: 'Validation Failed' } };
  const lists = kind === 'issues' ? repository.comments : repository.reviews;
  const id = nextId();
  const at = instantOf(wallMs());
  const anchor = kind === 'issues' ? `issues/${number}#issuecomment-${id}` : `pull/${number}#pullrequestreview-${id}`;
  const common = { id, user: { login: 'owner' }, body: body['body'], html_url: `https://github.com/${name}/${anchor}` };
  const made =
    kind === 'issues'
      ? { ...common, created_at: at, updated_at: at }
      : { ...common, submitted_at: at, state: body['event'] === 'REQUEST_CHANGES' ? 'CHANGES_REQUESTED' : 'COMMENTED' };
  lists.set(number, [...(lists.get(number) ?? []), made]);
  return { status: kind === 'issues' ? 201 : 200, body: made };
}

let lastId = 1_000;

function nextId(): number {
  lastId += 1;
  return lastId;
}

function instantOf(ms: number): string {
  return new Date(Math.floor(ms / 1_000) * 1_000).toISOString().replace('.000Z', 'Z');
}

/** What GitHub sent, as its list of deliveries shows it. */
export function sentDelivery(guid: string, atMs: number, statusCode: number, event = 'push'): Fields {
  const status = statusCode < 300 ? 'OK' : 'failed';
  const times = { delivered_at: instantOf(atMs), duration: 0.1 };
  return { id: nextId(), guid, ...times, redelivery: false, status, status_code: statusCode, event, action: null };
}

/** One page of a list by a cursor, as the list of deliveries is. */
function byCursor(list: readonly unknown[], cursor: number, url: URL): Page {
  const size = Number(url.searchParams.get('per_page') ?? 30);
  const next = new URL(url);
  next.searchParams.set('cursor', String(cursor + size));
  const more = list.length > cursor + size;
  return { items: list.slice(cursor, cursor + size), next: more ? next.href : undefined, last: next.href };
}

interface Page {
  readonly items: readonly unknown[];
  readonly next: string | undefined;
  readonly last: string;
}

/** One page of a list, and the addresses of the next and the last. */
function paged(list: readonly unknown[], url: URL): Page {
  const size = Number(url.searchParams.get('per_page') ?? 30);
  const page = Number(url.searchParams.get('page') ?? 1);
  const next = new URL(url);
  next.searchParams.set('page', String(page + 1));
  const last = new URL(url);
  last.searchParams.set('page', String(Math.max(1, Math.ceil(list.length / size))));
  const more = list.length > page * size;
  return { items: list.slice((page - 1) * size, page * size), next: more ? next.href : undefined, last: last.href };
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
  return {
    events: [],
    runs: [],
    pulls: new Map(),
    compares: new Map(),
    checks: new Map(),
    defaultBranch: 'main',
    issues: new Map(),
    comments: new Map(),
    reviews: new Map(),
    reviewComments: new Map(),
    files: new Map(),
    hooks: [],
  };
}
