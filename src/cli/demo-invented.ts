/** One kind of event, with payloads of it. */
interface Kind {
  readonly name: string;
  readonly examples: readonly object[];
}

const PEOPLE = ['ann', 'bela', 'carl', 'dana', 'emre'];
const TITLES = [
  'The basket forgets its second item',
  'Prices with three decimals are cut',
  'Make the search work without accents',
  'Update the runtime',
  'Say which field is wrong',
  'Speed up the start page',
];
const PER_ACTION = 6;

/**
 * Deliveries of a shop that does not exist, shaped as GitHub sends them: as much of each as subscriptions and digests read. For a
 * package that is installed without the recorded ones.
 */
export function inventedDeliveries(): Kind[] {
  return [
    { name: 'push', examples: times(PER_ACTION, push) },
    { name: 'issues', examples: each(['opened', 'labeled', 'closed'], issue) },
    {
      name: 'issue_comment',
      examples: each(['created'], (action, n) => ({ ...issue(action, n), comment: comment(n) })),
    },
    { name: 'pull_request', examples: each(['opened', 'synchronize', 'closed'], pullRequest) },
    { name: 'pull_request_review', examples: each(['submitted'], review) },
    { name: 'workflow_run', examples: each(['completed'], workflowRun) },
    { name: 'release', examples: each(['published'], release) },
    { name: 'dependabot_alert', examples: each(['created'], alert) },
    { name: 'star', examples: each(['created'], (action) => ({ action, starred_at: at(0) })) },
  ].map(({ name, examples }) => ({
    name,
    examples: examples.map((example, n) => ({ ...example, repository, sender: user(n) })),
  }));
}

const repository = {
  id: 7_717,
  name: 'shop',
  full_name: 'example/shop',
  private: false,
  owner: { login: 'example', id: 77, type: 'Organization' },
  html_url: 'https://github.com/example/shop',
  default_branch: 'main',
};

function times<Made>(count: number, make: (n: number) => Made): Made[] {
  return Array.from({ length: count }, (_, n) => make(n));
}

function each<Made>(actions: readonly string[], make: (action: string, n: number) => Made): Made[] {
  return actions.flatMap((action) => times(PER_ACTION, (n) => make(action, n)));
}

function pick(list: readonly string[], n: number): string {
  return list[n % list.length] ?? '';
}

function user(n: number) {
  return { login: pick(PEOPLE, n), id: 100 + (n % PEOPLE.length), type: 'User' };
}

function at(n: number): string {
  return `2026-11-0${1 + (n % 7)}T09:${String(10 + n).padStart(2, '0')}:00Z`;
}

function sha(n: number): string {
  return (n + 1).toString(16).padStart(4, '0').repeat(10);
}

function push(n: number) {
  const commit = { id: sha(n), message: pick(TITLES, n), timestamp: at(n), author: { name: pick(PEOPLE, n) } };
  return { ref: 'refs/heads/main', before: sha(n + 1), after: sha(n), commits: [commit], head_commit: commit };
}

function issue(action: string, n: number) {
  const number = 40 + n;
  const html_url = `${repository.html_url}/issues/${number}`;
  const state = action === 'closed' ? 'closed' : 'open';
  const fields = { number, title: pick(TITLES, n), state, user: user(n), html_url, labels: [], created_at: at(n) };
  return { action, issue: { id: 4_000 + n, body: 'Seen twice this week.', ...fields } };
}

function comment(n: number) {
  return { id: 9_000 + n, body: 'I see it too, since Monday.', user: user(n + 1), created_at: at(n) };
}

function pullRequest(action: string, n: number) {
  const number = 60 + n;
  const merged = action === 'closed' && n % 2 === 0;
  const html_url = `${repository.html_url}/pull/${number}`;
  const fields = { number, title: pick(TITLES, n + 1), user: user(n), html_url, merged, draft: false };
  const state = action === 'closed' ? 'closed' : 'open';
  const ends = { head: { ref: `fix-${number}`, sha: sha(n) }, base: { ref: 'main', sha: sha(n + 9) } };
  return { action, number, pull_request: { id: 6_000 + n, state, ...fields, ...ends, created_at: at(n) } };
}

function review(action: string, n: number) {
  const state = n % 3 === 0 ? 'changes_requested' : 'approved';
  const given = { id: 8_000 + n, state, body: 'One remark inside.', user: user(n + 2), submitted_at: at(n) };
  return { ...pullRequest('opened', n), action, review: given };
}

function workflowRun(action: string, n: number) {
  const conclusion = n % 3 === 0 ? 'failure' : 'success';
  const html_url = `${repository.html_url}/actions/runs/${n}`;
  const fields = { name: 'ci', head_branch: 'main', head_sha: sha(n), status: 'completed', conclusion, html_url };
  return { action, workflow_run: { id: 5_000 + n, run_number: n, run_attempt: 1, ...fields, updated_at: at(n) } };
}

function release(action: string, n: number) {
  const tag_name = `v1.${n}.0`;
  const html_url = `${repository.html_url}/releases/${tag_name}`;
  return { action, release: { id: 3_000 + n, tag_name, name: tag_name, draft: false, html_url, published_at: at(n) } };
}

function alert(action: string, n: number) {
  const html_url = `${repository.html_url}/security/dependabot/${n + 1}`;
  const advisory = { summary: 'A regular expression that takes too long', severity: n % 2 === 0 ? 'high' : 'medium' };
  return { action, alert: { number: n + 1, state: 'open', html_url, security_advisory: advisory, created_at: at(n) } };
}
