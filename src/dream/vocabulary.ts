/** A family of values of which a subject has one at a time, or several. */
export interface ValueClass {
  /** Naming a member is enough to know what is spoken of: "we use pnpm" is about the package manager. */
  readonly alone: boolean;
  /** Only one can be current for the same subject. */
  readonly exclusive: boolean;
  /** Canonical value → other writings; all lower case. */
  readonly members: Readonly<Record<string, readonly string[]>>;
}

const one = (names: string, alone = true, exclusive = true): ValueClass => ({
  alone,
  exclusive,
  members: Object.fromEntries(
    names.split(',').map((entry) => {
      const [name = '', ...others] = entry.split('=').map((each) => each.trim());
      return [name, others];
    }),
  ),
});

/** What kairosd knows of the things that developers talk about. A value that is not here is compared by its shape. */
export const CLASSES: Readonly<Record<string, ValueClass>> = {
  pkg: one('npm, pnpm, yarn, bun, poetry, pipenv, conda, pip'),
  hosting: one(
    'fly.io=fly=flyio, railway, render, heroku, vercel, netlify, hetzner, digitalocean=digital ocean, aws=amazon web services, gcp=google cloud, azure, cloudflare=cloudflare pages=cloudflare workers, ovh, linode, scaleway, coolify, dokku',
  ),
  sqldb: one(
    'postgres=postgresql=pg=psql, mysql, mariadb, sqlite, cockroachdb=cockroach, mssql=sql server, oracle, planetscale, supabase, neon',
  ),
  docdb: one('mongodb=mongo, couchdb, dynamodb, firestore, cassandra'),
  cache: one('redis, memcached, valkey, dragonfly, keydb'),
  queue: one('rabbitmq, kafka, nats, sqs, bullmq, sidekiq, celery'),
  searchengine: one('elasticsearch=elastic, opensearch, meilisearch, typesense, algolia'),
  ci: one(
    'github actions=gh actions, circleci=circle ci, buildkite, jenkins, travis=travis ci, gitlab ci, drone, teamcity, woodpecker, concourse',
  ),
  editor: one(
    'neovim=nvim, vim, helix, zed, vs code=vscode=visual studio code, emacs, sublime=sublime text, webstorm, intellij, cursor, nano, kakoune, pycharm, goland',
  ),
  chat: one('slack, discord, mattermost, microsoft teams=ms teams, telegram, matrix, zulip, rocket.chat, signal'),
  tracker: one('jira, linear, trello, asana, shortcut, github issues, youtrack, basecamp, clickup, notion boards'),
  testrunner: one('vitest, jest, mocha, ava, jasmine, pytest, unittest, rspec, junit'),
  e2e: one('playwright, cypress, selenium, puppeteer, webdriverio'),
  linter: one('eslint, oxlint, biome, tslint, ruff, flake8, pylint, rubocop'),
  formatter: one('prettier, oxfmt, dprint, black, gofmt, rustfmt'),
  bundler: one('webpack, vite, esbuild, rollup, parcel, turbopack, rspack, rolldown'),
  indent: one(
    'tabs=tab=hard tabs=tabulators, two spaces=2 spaces=2-space=two-space=zwei leerzeichen, four spaces=4 spaces=4-space=four-space=vier leerzeichen, eight spaces=8 spaces, spaces=space=leerzeichen',
  ),
  quotes: one('single quotes, double quotes'),
  merge: one(
    'squash=squash merge=squash merges=squash-merge=squashing, rebase=rebasing=rebase merges, merge commits=merge commit',
  ),
  design: one('figma, penpot, sketch, adobe xd, invision'),
  shell: one('zsh, bash, fish, nushell=nu shell, powershell'),
  terminal: one('iterm=iterm2, alacritty, kitty, wezterm, ghostty, tmux'),
  os: one('macos=mac os, ubuntu, debian, fedora, arch linux, nixos, windows=windows 11, alpine'),
  payments: one('stripe, paddle, mollie, adyen, braintree, paypal, lemonsqueezy=lemon squeezy'),
  mailer: one('postmark, sendgrid, mailgun, resend, ses=amazon ses, mailchimp, brevo, mailjet'),
  monitoring: one('sentry, datadog, new relic, rollbar, bugsnag, honeycomb, grafana cloud, betterstack=better stack'),
  analytics: one('plausible, google analytics, matomo, posthog, mixpanel, amplitude, fathom, umami'),
  auth: one('auth0, clerk, keycloak, okta, cognito, workos, authentik'),
  orm: one('prisma, drizzle, typeorm, sequelize, knex, kysely, sqlalchemy, mikro-orm=mikroorm'),
  iac: one('terraform, pulumi, opentofu, cdk, ansible'),
  forge: one('github, gitlab, bitbucket, codeberg, gitea, forgejo, sourcehut'),
  theme: one('dark mode=dark theme, light mode=light theme, solarized, dracula, gruvbox, nord, catppuccin'),
  license: one('mit=mit license, apache=apache 2.0=apache-2.0, gpl=gplv3, agpl=agplv3, bsd, mpl, isc'),
  calls: one('zoom, google meet, jitsi, whereby, around'),
  wiki: one('notion, confluence, outline, obsidian, gitbook, mkdocs, docusaurus'),
  vault: one('1password=one password, bitwarden, lastpass, keepass=keepassxc, hashicorp vault, dashlane'),
  framework: one(
    'react, vue, svelte, angular, solid, next.js=nextjs, nuxt, remix, astro, htmx, fastify, express, koa, hono, django, rails, laravel, flask, fastapi, nestjs',
    false,
  ),
  language: one(
    'typescript, javascript, python, golang=go lang, rust, java, kotlin, ruby, elixir, swift, php, c++, c#, scala, haskell',
    false,
  ),
  cloudregion: one(
    'eu-central-1, eu-west-1, us-east-1, us-west-2, frankfurt, dublin, virginia, ashburn, nuremberg, falkenstein, helsinki',
    false,
  ),
  length: one(
    'short=brief=concise=terse=kurze=kurz=knappe=succinct, long=detailed=verbose=lengthy=ausführliche=in-depth=thorough',
    false,
  ),
  brightness: one('dark, light', false),
  frequency: one(
    'hourly, daily=every day=per day=each day=täglich, weekly=every week=per week=a week=once a week=wöchentlich, biweekly=every two weeks=every other week=fortnightly, monthly=every month=once a month=monatlich=per month=a month=each month=pro monat, quarterly=every quarter, yearly=annually=every year=per year=a year',
    false,
  ),
  spoken: one('english=englisch, german=deutsch, french, spanish, italian, portuguese, dutch, polish', false),
  daypart: one('morning=mornings=in the morning, afternoon=afternoons, evening=evenings, at night=nights', false),
  place: one(
    'remote=remotely=from home=home office, on site=on-site=in the office=in office=from the office=at the office',
    false,
  ),
  visibility: one('public, private, internal', false),
  state: one('enabled=switched on=turned on, disabled=switched off=turned off', false),
  way: one('manual=manually=by hand, automatic=automatically=automated', false),
  drink: one('coffee, tea, matcha, espresso, mate', false, false),
  casing: one('camelcase=camel case, snake_case=snake case, kebab-case=kebab case, pascalcase=pascal case'),
  repo: one('monorepo, polyrepo=multi-repo=multirepo'),
  tone: one('formal, informal=casual', false),
};

/** Words that mean the same when they name what a fact is about. `#name` is what the members of a class are about. */
const CONCEPTS_TEXT: Readonly<Record<string, string>> = {
  '#pkg':
    'package-manager packages pkgs package-managers dependency dependencies install installs installed installing lockfile paketmanager',
  '#hosting':
    'deploy deploys deployed deploying deployment deployments host hosts hosted hosting hoster ship-to served server-side deployen deployt gehostet provider',
  '#sqldb': 'database databases db dbs datenbank datenbanken datastore rdbms datenbasis',
  '#cache': 'cache caching cached',
  '#queue': 'queue queues queueing broker',
  '#searchengine': 'fulltext search-engine',
  '#ci': 'ci builds pipeline pipelines continuous-integration build-server',
  '#editor': 'editor editing ide edit editors',
  '#chat': 'conversations chat chats chatting messenger talk talks hangs-out',
  '#tracker': 'tracker issue-tracker ticket tickets kanban backlog',
  '#testrunner': 'test-runner test-framework unit-tests unit-test',
  '#e2e': 'e2e end-to-end browser-tests',
  '#linter': 'linter linting lint',
  '#formatter': 'formatter formatting format',
  '#bundler': 'bundler bundling bundle',
  '#indent': 'indent indents indentation indenting einrückung einrücken indented',
  '#quotes': 'quotes quote quoting',
  '#merge': 'merge merging merges merge-strategy',
  '#design': 'design designs designing mockups mockup wireframes draws',
  '#shell': 'shell',
  '#terminal': 'terminal terminal-emulator',
  '#os': 'os operating-system betriebssystem distro laptop',
  '#payments': 'payment payments payment-provider',
  '#mailer': 'mailer mail-provider transactional-mail email-provider',
  '#monitoring': 'monitoring error-tracking error-tracker observability',
  '#analytics': 'analytics',
  '#auth': 'auth authentication login sso identity',
  '#orm': 'orm',
  '#iac': 'iac infrastructure-as-code',
  '#theme': 'theme color-scheme colour-scheme',
  '#license': 'license licence licensed lizenz',
  '#calls': 'video-calls calls video-call',
  '#wiki': 'wiki docs documentation documents',
  '#vault': 'password-manager secrets-manager',
  '#language': 'written language programming-language sprache',
  '#framework': 'framework frontend-framework',
  '#cloudregion': 'region regions',
  owner:
    'person-responsible own owns owned owner owners maintain maintains maintained maintainer responsible charge lead leads led handles handle manages manage after-looks runs-team talk-to ask-for belongs-to looked-after take-over belongs zuständig verantwortlich kümmert taken-over took-over takes-over contact person-to-ask person-to-talk-to in-charge looks-after takes-care-of taking-care-of handed-over kümmert-sich',
  standup: 'standup stand-up daily-standup standups daily-meeting',
  release:
    'release releases releasing released ship ships shipping shipped releasen veröffentlichen goes-out go-out release-day release-window release-train new-version new-versions',
  branch: 'branch branches hauptbranch zweig hauptzweig main-branch default-branch',
  '#tz': 'timezone time-zone zeitzone tz clock',
  port: 'port ports listen listens listening',
  url: 'url urls link address adresse website site',
  store:
    'save saves saved keep keeps kept retain retained retains retention store stored stores archive archived aufbewahrt behalten aufbewahren hang-on-to gespeichert hold storage stick-around holds-on-to hold-on-to',
  backup: 'backup backups sicherung sicherungen snapshots',
  budget: 'budget budgets spend spending cap allowance',
  answer: 'answer answers reply replies response responses antwort antworten respond',
  prefer:
    'prefer prefers preferred preference like likes love loves want wants favor favorite favourite favors mag bevorzuge bevorzugt lieber rather enjoy fond lieblings choice',
  dislike: 'hate hates dislike dislikes detest',
  meeting: 'meeting meetings meet call sync',
  deadline: 'deadline due frist fällig',
  review: 'review reviews reviewed reviewer reviewers',
  birthday: 'birthday geburtstag',
  vacation: 'vacation holiday holidays urlaub leave off-work pto',
  cost: 'cost costs price pay pays kostet kosten',
  retention: '',
  name: 'name named called heißt heisst',
  gateway: 'gateway gateways',
  customer: 'customer customers client clients kunde kunden',
  invoice: 'invoice invoices rechnung rechnungen',
  billing: 'billing abrechnung',
  record: 'record records',
  node: 'node nodejs node.js',
  version: 'version versions',
  limit: 'limit limits maximum',
  timeout: 'timeout timeouts time-out',
  live: 'live lives living based located resides reside wohne wohnt',
  office: 'office büro desk',
  phone: 'phone telephone',
  mail: 'email e-mail mail',
};

/** Words that say little about which fact it is. */
export const GENERIC: ReadonlySet<string> = new Set(
  'prefer live app application project projekt repo repository codebase service team company product thing stuff system environment env everything code main default use run live need server setup work version current window currently team-wide primary whole part customer name new day time choice person way usual data file files get go'.split(
    ' ',
  ),
);

/** Verbs and other words that carry a sentence without saying what it is about. */
export const LIGHT: ReadonlySet<string> = new Set(
  `accept add agree allow announce answer-to appreciate approve arrange ask assign available away back base baseline because become begin best better big bit book bring build call care carry catch certain check choose clear code collect common company complete consider contain continue count cover create cut daily deal depend describe develop direct discuss disposal do draw drive drop early easy effective enable end enough enter entire every execute expect explain far feel figure file-in fill final fine finish fit fix follow form free from full general give good grab great grow guy half hand hang happen hard have hear help here hit hold home hop hope hour house imagine important include instance integrate interest intend introduce issue-to join jump keep kind know land large last late later lead-to learn leave less let level-up lie lift like-to likely list little load local long look lose lot love-to main-ly manage-to many matter mean mention mind miss moment most much must name need next nice number-of object offer often old open order-to other outside own-ly page part partner pass past pick place plan play please point possible prefer prepare present pretty probably produce provide purpose put question quick rather reach read ready real reason receive reconsider refer regard regular rely report-to request require respect rest result return right rule save say schedule see seem select send sense serve share sharp shift ship-out show side sign since small soon sort speak spend stand start state-of stay stick still stop story straight strict strong style-of subject such suit support-ing sure system take talk-to tell thing think time together total touch toward transfer try turn type-of under understand usual value various want watch way while whole why wish wonder word-of write wrong year yet
   available agreed scheduled mentioned noted aware strictly currently basically effectively partner contract topic topics stakeholder stakeholders colleague colleagues folks guys person somebody everybody context morning evening sharp shop stuff place done got bye
   honest strange chase bother worry wonder delete period pinn time-ly pick choose chose happy pleasant surprising fair fond abandon swap wave push pin stick target operate fetch rule guess ping post bit whatever whenever finally recently lately annoying decision overall actual probable recent experiment relax bug careful trouble reason advance rare easier easiest helpful instal hook plain ship-by usual-ly entirely merely simply`
    .split(/\s+/)
    .filter((word) => !word.includes('-')),
);

/** Words that say nothing. */
export const STOP: ReadonlySet<string> = new Set(
  `a an the this that these those of to in on at by for from with into onto over under about as and or but so if then than is are was were be been being am do does did has have had will would shall can could should may might must not no
   i me my mine we us our ours you your yours he him his she her it its they them their there here who which what when where how all any some each every both only just also too very really quite please pls btw fyi ok okay well now currently still
   already always usually generally normally actually finally again anymore more longer instead one once via per up out off down let lets use uses used using run runs running ran go goes going gone went come comes get gets got getting make makes made put puts take takes took taken set sets sit sits stay
   switch switched switching move moved moving moves change changed changes migrate migrated replace replaced rename renamed upgrade upgraded bump bumped raise raised lower lowered transition transitioned decide decided settle settled become became turn turned new old
   remember note know everything everybody everyone anything people things thing find found end ends happens happen held hold reached reach answer-on work works working person people day days time times today week
   der die das den dem des ein eine einen einem einer und oder aber ist sind war wird werden wir ich du ihr sie es unser unsere unseren meine mein im am um auf zu von mit bei als für nicht kein keine jetzt ab immer bitte auch noch nur dass nutzen benutzen verwenden läuft laufen haben hat habe umgestiegen umgestellt umgezogen gewechselt uhr jeden tag lang bisher nun mehr seit
   because since while until unless although though including around forward before after afterwards mostly rather therefore hence thus accordingly otherwise meanwhile else yes sure such same own instead among across along throughout except either neither whether where whenever wherever whatever whoever somebody someone nobody
   ever something anything don doesn isn aren won can shouldn wasn weren hasn haven didn ive im were thats dont doesnt isnt its arent wont cant weve youre`
    .split(/\s+/)
    .filter((word) => !['answer-on'].includes(word)),
);

/** Names of people that are known even at the beginning of a sentence, or in small letters. */
export const FIRST_NAMES: ReadonlySet<string> = new Set(
  `ada adam ahmed aisha alan alex alexander alice amy ana andrea andrew andy anja ann anna anne anton arjun ben benjamin bob carl carla carlos carol charlie charlotte chen chloe chris christian clara claire dan daniel daniela dave david diana diego dmitri elena eli elias elif ella emil emily emma eric erik eva fabian farid fatima felix fiona florian frank frida george giulia grace greg gustav hana hanna hannah hans harry helen henry hugo ian igor ingrid ines isabel ivan jack jake james jan jana jane jens jim joe johanna john jonas jose julia julian juan karen karim karl kate katja kevin klaus kofi lara laura lea lena leo leon li lily lina linda lisa louis lucas lucia luis luisa lukas maja marco maria marie mario mark marta martin mateo matt max maya mei mia michael miguel mike mira mohamed nadia nadja nathan nico nina noah noor nora olaf oleg olga oliver olivia omar oscar pablo patricia paul paula pedro peter petra philip pia priya rachel raj ravi rita robert rosa ruth ryan sam samira sandra sara sarah sebastian simon sofia sophie stefan steve susan sven tara theo thomas tim tina tobias tom tomas uwe vera victor wei yuki yusuf zoe zara`.split(
    ' ',
  ),
);

/** What a word is about, when others mean the same; undefined when it stands for itself. */
export function conceptOf(word: string): string | undefined {
  return CONCEPTS.get(word);
}

/** Whether a word is one that `conceptOf` gives. */
export function isConcept(word: string): boolean {
  return Object.hasOwn(CONCEPTS_TEXT, word);
}

/** Concepts of several words (`package manager`), as patterns to be looked for before words are. */
export const PHRASES: readonly (readonly [phrase: string, concept: string])[] = Object.entries(CONCEPTS_TEXT).flatMap(
  ([concept, words]) =>
    words
      .split(' ')
      .filter((word) => word.includes('-') && !/^(e2e)$/.test(word))
      .map((word) => [word.replaceAll('-', ' '), concept] as const),
);

const CONCEPTS: ReadonlyMap<string, string> = new Map(
  Object.entries(CONCEPTS_TEXT).flatMap(([concept, words]) =>
    words
      .split(' ')
      .filter((word) => word !== '')
      .map((word) => [word, concept] as const),
  ),
);
