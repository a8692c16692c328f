import type { StrangerStep, Stranger } from './strangers.ts';

const rootPackage = `{
  "name": "harbor",
  "private": true,
  "workspaces": ["packages/*"],
  "engines": { "node": ">=18" },
  "packageManager": "npm@9.8.1",
  "scripts": {
    "build": "tsc -b",
    "test": "vitest run",
    "test:e2e": "playwright test",
    "lint": "eslint .",
    "dev": "npm run dev -w @harbor/api",
    "db:migrate": "node scripts/migrate.mjs",
    "codegen": "graphql-codegen"
  },
  "devDependencies": {
    "typescript": "^5.1.6",
    "vitest": "^0.34.2",
    "eslint": "^8.47.0",
    "@playwright/test": "^1.37.0",
    "husky": "^8.0.3"
  }
}
`;

const start: Record<string, string> = {
  'package.json': rootPackage,
  'tsconfig.json':
    '{\n  "compilerOptions": {\n    "strict": true,\n    "target": "ES2020",\n    "moduleResolution": "node",\n    "outDir": "dist"\n  }\n}\n',
  '.env.example':
    'DATABASE_URL=postgres://localhost:5432/harbor\nREDIS_HOST=localhost\nSESSION_TTL_MINUTES=30\nTRACKER_BASE=https://tracker.harbor.internal/v1\n',
  '.eslintrc.cjs': 'module.exports = { root: true, rules: {} };\n',
  '.nvmrc': '18\n',
  'README.md': '# Harbor\n\nParcel tracking. Run `npm install` and `npm run dev`, then open http://localhost:3000.\n',
  'scripts/migrate.mjs': "import { up } from '../packages/store/dist/migrations.js';\nawait up();\n",
  'scripts/seed.mjs': "console.log('seed');\n",
  '.github/workflows/ci.yml':
    'name: ci\non: push\njobs:\n  test:\n    runs-on: ubuntu-22.04\n    steps:\n      - uses: actions/checkout@v3\n      - run: npm ci\n      - run: npm test\n',
  'packages/api/package.json':
    '{\n  "name": "@harbor/api",\n  "version": "1.4.0",\n  "scripts": { "dev": "tsx watch src/main.ts", "start": "node dist/main.js" },\n  "dependencies": {\n    "fastify": "^4.21.0",\n    "zod": "^3.22.2",\n    "pino": "^8.15.0",\n    "@harbor/store": "*",\n    "jsonwebtoken": "^9.0.1"\n  }\n}\n',
  'packages/api/src/main.ts':
    "import { createServer } from './server.ts';\n\nconst port = Number(process.env.PORT ?? 3000);\nawait createServer().listen({ port });\n",
  'packages/api/src/server.ts':
    "import Fastify from 'fastify';\nimport { registerRoutes } from './routes/index.ts';\n\nexport function createServer() {\n  const app = Fastify();\n  registerRoutes(app);\n  return app;\n}\n",
  'packages/api/src/routes/index.ts':
    "import { parcelRoutes } from './parcels.ts';\n\nexport function registerRoutes(app: unknown): void {\n  parcelRoutes(app);\n}\n",
  'packages/api/src/routes/parcels.ts':
    'export function parcelRoutes(app: unknown): void {\n  void app;\n}\n\nexport const MAX_PARCELS_PER_PAGE = 50;\n',
  'packages/api/src/auth/token.ts':
    "import jwt from 'jsonwebtoken';\n\nexport class TokenVerifier {\n  verify(token: string): boolean {\n    return jwt.decode(token) !== null;\n  }\n}\n\nexport function issueToken(user: string): string {\n  return user;\n}\n",
  'packages/api/src/auth/session.ts':
    'export interface Session {\n  id: string;\n}\n\nexport function readSession(): Session | undefined {\n  return undefined;\n}\n',
  'packages/api/config/default.json':
    '{\n  "server": { "port": 3000, "requestTimeoutMs": 15000 },\n  "rateLimit": { "perMinute": 120 },\n  "features": { "liveMap": false }\n}\n',
  'packages/store/package.json':
    '{\n  "name": "@harbor/store",\n  "version": "0.9.2",\n  "dependencies": { "pg": "^8.11.3", "knex": "^2.5.1" }\n}\n',
  'packages/store/src/pool.ts':
    "import { Pool } from 'pg';\n\nexport const pool = new Pool();\n\nexport async function withTransaction<T>(run: () => Promise<T>): Promise<T> {\n  return await run();\n}\n",
  'packages/store/src/migrations.ts':
    'export async function up(): Promise<void> {}\nexport async function down(): Promise<void> {}\n',
  'packages/store/src/parcel-repository.ts':
    'export class ParcelRepository {\n  findByBarcode(barcode: string): string {\n    return barcode;\n  }\n}\n',
  'packages/web/package.json':
    '{\n  "name": "@harbor/web",\n  "version": "2.0.0",\n  "scripts": { "preview": "vite preview", "storybook": "storybook dev -p 6006" },\n  "dependencies": { "react": "^18.2.0", "react-dom": "^18.2.0", "axios": "^1.5.0", "moment": "^2.29.4" },\n  "devDependencies": { "vite": "^4.4.9" }\n}\n',
  'packages/web/vite.config.ts':
    "export default { server: { port: 5173, proxy: { '/api': 'http://localhost:3000' } } };\n",
  'packages/web/src/App.tsx':
    "import { ParcelMap } from './components/ParcelMap.tsx';\n\nexport function App() {\n  return ParcelMap();\n}\n",
  'packages/web/src/components/ParcelMap.tsx': 'export const ParcelMap = () => null;\n',
  'packages/web/src/hooks/useParcels.ts': 'export function useParcels(): string[] {\n  return [];\n}\n',
  'packages/web/src/lib/format-date.ts':
    "import moment from 'moment';\n\nexport const formatDate = (when: string): string => moment(when).fromNow();\n",
};

const manifest = 'package.json';
const api = 'packages/api/package.json';
const web = 'packages/web/package.json';

const steps: readonly StrangerStep[] = [
  { write: start },
  { write: { 'docs/architecture.md': '# Architecture\n\nThree packages.\n' } },
  { edit: [['README.md', 'Parcel tracking.', 'Parcel tracking for small ports.']] },
  { edit: [[manifest, '^0.34.2', '^1.6.0']] },
  { move: [['packages/api/src/auth/token.ts', 'packages/api/src/security/jwt.ts']] },
  { edit: [['packages/api/src/security/jwt.ts', 'TokenVerifier', 'JwtVerifier']] },
  { remove: ['packages/web/src/lib/format-date.ts'], edit: [[web, ', "moment": "^2.29.4"', '']] },
  { write: { 'packages/web/src/lib/dates.ts': 'export const relativeDate = (when: string): string => when;\n' } },
  { edit: [[manifest, '"db:migrate"', '"migrate"']] },
  {
    edit: [
      [api, '^4.21.0', '^5.0.0'],
      [api, '"pino": "^8.15.0"', '"pino": "^9.4.0"'],
    ],
  },
  { edit: [['packages/api/config/default.json', 'requestTimeoutMs', 'timeoutMs']] },
  {
    edit: [
      ['.env.example', 'SESSION_TTL_MINUTES=30', 'SESSION_TTL_SECONDS=1800'],
      ['.env.example', 'https://tracker.harbor.internal/v1', 'https://tracking.harbor.internal/v2'],
    ],
  },
  { edit: [['packages/store/package.json', ', "knex": "^2.5.1"', ', "kysely": "^0.27.4"']] },
  { remove: ['.eslintrc.cjs'], write: { 'eslint.config.js': 'export default [];\n' } },
  {
    edit: [
      [manifest, '^8.47.0', '^9.9.0'],
      [manifest, ',\n    "husky": "^8.0.3"', ''],
      [manifest, ',\n    "codegen": "graphql-codegen"', ''],
    ],
  },
  { move: [['packages/store/src/parcel-repository.ts', 'packages/store/src/parcels/repository.ts']] },
  { edit: [['packages/store/src/parcels/repository.ts', 'findByBarcode', 'findByTrackingCode']] },
  {
    edit: [
      ['packages/api/src/main.ts', '3000', '4000'],
      ['packages/api/config/default.json', '"port": 3000', '"port": 4000'],
      ['README.md', 'localhost:3000', 'localhost:4000'],
      ['packages/web/vite.config.ts', 'localhost:3000', 'localhost:4000'],
    ],
  },
  {
    edit: [
      ['packages/web/src/components/HarborMap.tsx', 'ParcelMap', 'HarborMap'],
      ['packages/web/src/App.tsx', /ParcelMap/g, 'HarborMap'],
    ],
    move: [['packages/web/src/components/ParcelMap.tsx', 'packages/web/src/components/HarborMap.tsx']],
  },
  {
    edit: [
      ['.nvmrc', '18', '22'],
      [manifest, '>=18', '>=22'],
      [manifest, 'npm@9.8.1', 'npm@10.8.2'],
    ],
  },
  {
    edit: [
      [web, '^18.2.0", "react-dom": "^18.2.0', '^19.0.0", "react-dom": "^19.0.0'],
      [web, '^4.4.9', '^6.0.1'],
      [web, ', "storybook": "storybook dev -p 6006"', ''],
    ],
  },
  { remove: ['scripts/seed.mjs'] },
  {
    edit: [
      [
        'packages/api/src/routes/parcels.ts',
        'export const MAX_PARCELS_PER_PAGE = 50;',
        'export const PAGE_SIZE_MAX = 100;',
      ],
      ['tsconfig.json', 'ES2020', 'ES2023'],
      ['tsconfig.json', '"moduleResolution": "node"', '"moduleResolution": "bundler"'],
    ],
  },
  { move: [['.github/workflows/ci.yml', '.github/workflows/checks.yml']] },
  {
    edit: [
      [api, '"version": "1.4.0"', '"version": "2.1.0"'],
      ['packages/api/config/default.json', ',\n  "features": { "liveMap": false }', ''],
    ],
  },
  { move: [['docs/architecture.md', 'docs/design/overview.md']] },
];

/** Kind, then + (so today) or - (no longer so); with several claims a word of each in brackets. */
const facts = `
p- JWT handling lives in \`packages/api/src/auth/token.ts\`.
p+ Sessions are read in \`packages/api/src/auth/session.ts\`.
p- The date helper is packages/web/src/lib/format-date.ts, everything else should import from there.
p- To fill a fresh database, run scripts/seed.mjs after migrating.
p+ Migrations are started by scripts/migrate.mjs
p- ESLint is configured in \`.eslintrc.cjs\` at the root.
p- CI is defined in .github/workflows/ci.yml.
p- See docs/architecture.md for how the three packages fit together.
p+ The HTTP entry point is \`packages/api/src/main.ts\`.
p+[pool.ts] p-[parcel-repository.ts] The store package has \`packages/store/src/pool.ts\` for connections and \`packages/store/src/parcel-repository.ts\` for parcel queries.
p- Map rendering is all in \`packages/web/src/components/ParcelMap.tsx\`; it is slow with more than 500 markers.
p+ packages/web/vite.config.ts holds the dev proxy.
p+ All routes are registered from packages/api/src/routes/index.ts, do not register them in server.ts.
p+[routes/parcels.ts] p-[auth/token.ts] When touching permissions, look at both packages/api/src/routes/parcels.ts and packages/api/src/auth/token.ts.
p+ The web code sits under \`packages/web/src\`.
p- Auth code lives under \`packages/api/src/auth/token.ts\`, and the user asked us not to add another place for it.
p+ Default settings of the API: \`packages/api/config/default.json\`
y- \`TokenVerifier\` in \`packages/api/src/auth/token.ts\` checks the signature.
y- Use the TokenVerifier class for checking bearer tokens.
y+ \`createServer()\` in packages/api/src/server.ts builds the Fastify app.
y+ withTransaction() from packages/store/src/pool.ts must wrap every write.
y- Lookup by barcode goes through \`ParcelRepository.findByBarcode\`.
y- \`MAX_PARCELS_PER_PAGE\` in packages/api/src/routes/parcels.ts caps the page size.
y- The \`ParcelMap\` component draws the map.
y+ The \`useParcels\` hook fetches the list.
y- \`formatDate\` formats dates relative to now.
y+ \`issueToken\` makes the tokens handed to couriers.
y+ \`registerRoutes\` in \`packages/api/src/routes/index.ts\` wires the routes
y+[registerRoutes] y-[TokenVerifier] In the API, \`registerRoutes\` sets up the routes and \`TokenVerifier\` guards them.
y- The function findByBarcode() in packages/store/src/parcel-repository.ts is case-insensitive.
y+ The \`Session\` interface is declared in packages/api/src/auth/session.ts
y+ \`ParcelRepository\` is the only class that talks SQL.
y+[up] The store exports \`up()\` and \`down()\` from packages/store/src/migrations.ts
n- Migrations: \`npm run db:migrate\`.
n+ Run the unit tests with \`npm test\`.
n+ End-to-end tests: npm run test:e2e (needs a browser).
n- After changing the schema run \`npm run codegen\`.
n+ \`npm run lint\` must pass before a push.
n- Storybook starts with npm run storybook in packages/web.
n+ Build everything with npm run build
n+[build] n-[db:migrate] Deploy = \`npm run build\`, then \`npm run db:migrate\`, then restart.
n- There is a \`codegen\` script in the root package.json
n+ The \`preview\` script of @harbor/web serves the built site.
n+ npm run dev starts the API in watch mode.
n- Use the db:migrate script rather than calling knex by hand
n+ The API is started in production by \`npm start -w @harbor/api\`
d- We use moment for dates in the web package.
d- The web package depends on \`moment\`.
d- The API runs on Fastify 4.
d- vitest is at ^0.34.2.
d+ Input is validated with zod 3.
d+ \`axios\` is the HTTP client in the web package.
d- The store uses knex as query builder.
d- Git hooks are managed by husky.
d- React 18 in packages/web, so no \`use\` hook.
d- ESLint 8 with the old config format.
d+ TypeScript 5.1 across all packages.
d- Node 18 is required (see .nvmrc).
d- pino is pinned to version 8.
d+[pg] d-[knex] packages/store depends on \`pg\` and \`knex\`.
d- @harbor/api is at version 1.4.0.
d+ @harbor/store is at 0.9.2
d- Vite 4 builds the web package.
d+ End-to-end tests use \`@playwright/test\`
d+ jsonwebtoken 9 signs our tokens
d- The package manager is npm 9.8.1.
b+ The default branch is \`main\`.
b- The map rewrite happens on branch \`feature/live-map\`.
b+ Hotfixes are cut from the release/2.x branch.
b- Work in progress for couriers is on \`courier-app\` (branch, not merged yet).
b- The branch fix/barcode-scan has the failing test.
b+ Staging deploys from branch \`staging\`.
u- The API listens on http://localhost:3000 in development.
u- The tracker service is at https://tracker.harbor.internal/v1
u+ The Vite dev server runs on port 5173.
u- Point the web app to \`http://localhost:3000/api\` locally.
u+ Postgres in development: postgres://localhost:5432/harbor
k- \`SESSION_TTL_MINUTES\` sets how long a session lives.
k+ The database is taken from DATABASE_URL.
k- server.requestTimeoutMs in packages/api/config/default.json is 15000.
k+ \`rateLimit.perMinute\` is 120 in the API's default config.
k- The live map is behind \`features.liveMap\`.
k- compilerOptions.target is ES2020 in tsconfig.json
k+ \`strict\` is true in tsconfig.json.
k+ REDIS_HOST says where Redis is.
k- \`server.port\` is 3000 in \`packages/api/config/default.json\`.
k- \`moduleResolution\` is set to "node" in tsconfig.json
k+[DATABASE_URL] k-[SESSION_TTL_MINUTES] The .env needs \`DATABASE_URL\` and \`SESSION_TTL_MINUTES\`.
c+ \`git\` has to be installed for the release script.
c- psql is on the PATH of this machine.
c- Database dumps need \`pg_dump\` installed.
c+ \`jq\` is installed and used by the scripts.
`;

/** A TypeScript monorepo: parcels, three packages. */
export const monorepo: Stranger = {
  name: 'harbor',
  steps,
  early: 2,
  branches: {
    early: ['main', 'feature/live-map', 'release/2.x', 'courier-app', 'fix/barcode-scan', 'staging'],
    now: ['main', 'release/2.x', 'staging'],
  },
  programs: { early: ['git', 'psql', 'pg_dump', 'jq', 'npm', 'node'], now: ['git', 'jq', 'npm', 'node'] },
  facts,
};
