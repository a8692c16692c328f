/** How one author says the facts of a slot. `{v}` is the value, `{o}` the one before it. */
export interface Wording {
  readonly say: string;
  /** The same in other words. */
  readonly again: string;
  readonly update: string;
}

export type Slot =
  | 'pkg' | 'host' | 'db' | 'port' | 'url' | 'branch' | 'editor' | 'indent' | 'standup' | 'release' | 'owner' | 'tz'
  | 'answers' | 'ci' | 'chat' | 'node' | 'backup' | 'budget' | 'design' | 'mascot'; // prettier-ignore

/** Somebody who tells kairosd things, in their own way. */
export interface Author {
  readonly name: string;
  /** `plain`: sentences that say one thing; `prose`: as people write. */
  readonly style: 'plain' | 'prose';
  readonly noise: readonly string[];
  readonly says: { readonly [slot in Slot]?: Wording };
}

/** The values a slot can take; no two slots share one. */
export const VALUES: Readonly<Record<Slot, readonly string[]>> = {
  pkg: ['npm', 'pnpm', 'yarn', 'bun'],
  host: ['Fly.io', 'Railway', 'Hetzner', 'Render'],
  db: ['Postgres', 'MySQL', 'MariaDB', 'CockroachDB'],
  port: ['8080', '8081', '4010', '3117'],
  url: ['https://staging.acme.dev', 'https://stage.acme.io', 'https://preview.acme.example/app'],
  branch: ['trunk', 'main', 'develop'],
  editor: ['Helix', 'Neovim', 'Zed'],
  indent: ['tabs', 'two spaces', 'four spaces'],
  standup: ['9:30', '10:15', '11:00'],
  release: ['Tuesday', 'Thursday', 'Monday'],
  owner: ['Ada', 'Ben', 'Chloe', 'Farid'],
  tz: ['Europe/Berlin', 'Europe/Lisbon', 'America/New_York'],
  answers: ['short', 'detailed'],
  ci: ['GitHub Actions', 'CircleCI', 'Buildkite'],
  chat: ['Slack', 'Discord', 'Mattermost'],
  node: ['20', '22', '24'],
  backup: ['30 days', '90 days', '180 days'],
  budget: ['40 €', '65 €', '85 €'],
  design: ['Figma', 'Penpot', 'Sketch'],
  mascot: ['heron', 'otter', 'badger'],
};

/** What a fact of the slot is recognised by, besides its value, where the value alone could be anything. */
export const CUES: { readonly [slot in Slot]?: RegExp } = {
  node: /node/i,
  port: /port|gateway|listen/i,
  answers: /answer|repl|respon|antwort/i,
  branch: /branch|zweig/i,
  owner: /billing|abrechnung/i,
};
