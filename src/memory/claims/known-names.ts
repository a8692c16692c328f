const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Packages and servers whose names are hardly ever anything else: said to be used, they are meant. */
export const KNOWN_PACKAGES = words(`
 fastify koa hapi nestjs nextjs nuxt nuxtjs remix sveltekit astro gatsby vite webpack rollup esbuild parcel turbopack swc babel
 typescript coffeescript react preact vue vuejs svelte angular ember jquery lodash underscore ramda rxjs immer zod yup joi ajv valibot typebox
 axios ky superagent undici node-fetch graphql apollo trpc prisma drizzle drizzle-orm typeorm sequelize knex mongoose kysely mikro-orm
 vitest jest mocha jasmine ava playwright cypress puppeteer storybook nock msw supertest sinon chai fast-check
 eslint prettier biome oxlint oxfmt stylelint tslint husky lint-staged commitlint knip dependency-cruiser
 pino winston bunyan log4js dotenv yargs oclif nodemon tsx ts-node tsup turborepo lerna nx
 tailwind tailwindcss bootstrap mui chakra styled-components zustand redux mobx jotai recoil tanstack swr
 bullmq ioredis better-sqlite3 sqlite3 node-cron croner grammy chokidar nanoid dayjs moment luxon date-fns
 socket.io passport bcrypt argon2 jsonwebtoken nodemailer stripe sentry opentelemetry prom-client commander
 django flask fastapi starlette tornado aiohttp httpx sqlalchemy alembic celery pandas polars numpy scipy scikit-learn sklearn pytorch tensorflow keras
 pydantic marshmallow pytest unittest2 tox nox mypy pyright ruff flake8 pylint isort poetry uvicorn gunicorn boto3 paramiko typer
 duckdb pyarrow matplotlib seaborn plotly streamlit jinja2 loguru structlog tenacity pyyaml psycopg2 psycopg asyncpg beautifulsoup4 scrapy selenium
 gorilla/mux chi gin echo gorm cobra viper zap zerolog logrus testify sqlx pgx
 tokio async-std actix actix-web axum rocket serde clap structopt anyhow thiserror reqwest hyper diesel tracing rayon insta criterion
 rails sinatra rspec minitest sidekiq puma devise rubocop nokogiri activerecord
 laravel symfony phpunit composer spring hibernate junit mockito gradle maven lombok
 postgres postgresql mysql mariadb mongodb mongo redis memcached rabbitmq kafka elasticsearch opensearch clickhouse cassandra nginx traefik
`);

/** Words of every day that are packages as well: only beside a word such as `uses`. */
export const COMMON_PACKAGES = words(
  'express next got chalk ink request requests click rich black attrs nest bun deno rocket echo gin passport async q debug ws winston cors helmet morgan yaml ini semver glob',
);

/** Languages and their versions. */
export const RUNTIMES = words('node nodejs node.js python go golang ruby php java rust npm pnpm yarn bun deno edition');

/** Written like code, and not ours. */
export const NO_SYMBOLS = words(`
 GitHub GitLab BitBucket JavaScript TypeScript CoffeeScript PostgreSQL MySQL SQLite MongoDB GraphQL DevOps OpenAI YouTube LinkedIn macOS iOS iPhone iPad
 WebSocket WebSockets WebAssembly LaTeX PowerShell VSCode IntelliJ CircleCI DockerHub CloudFlare DigitalOcean OAuth OpenAPI JSDoc NodeJS ReactJS VueJS NextJS
 camelCase PascalCase snake_case UPPER_CASE SCREAMING_SNAKE_CASE kebab-case TypeORM RxJS FastAPI SQLAlchemy PyTorch TensorFlow NumPy SciPy DuckDB RabbitMQ
 ElasticSearch ClickHouse MacBook WiFi JetBrains PhpStorm WebStorm PyCharm NestJS SvelteKit TanStack BullMQ OpenTelemetry OpenSSL OpenSSH WireGuard HomeBrew
 console.log console.error process.env process.exit JSON.parse JSON.stringify Math.random Date.now Object.keys Promise.all setTimeout setInterval
 useState useEffect useMemo useCallback useRef __init__ __main__ McDonald eBay
 e.g i.e etc vs
`);

/** Names with a dot that are no files. */
export const DOTTED_PRODUCTS = words(
  'node.js next.js vue.js nuxt.js react.js express.js three.js d3.js ember.js backbone.js chart.js discord.js alpine.js p5.js moment.js nest.js socket.io asp.net draw.io fly.io crates.io docs.rs lib.rs pkg.go backbone.js require.js solid.js angular.js knockout.js phaser.js babylon.js',
);

/** What npm and its like do themselves. */
export const MANAGER_COMMANDS = words(
  'install i add remove rm uninstall ci update up upgrade outdated audit publish pack link unlink init create dlx exec x why list ls dedupe import rebuild config set get login logout whoami view info search cache store version help workspaces workspace packages package scripts script is as and or for in on to the a an with run lockfile registry from instead over not never will was has global berry classic patch patch-commit deploy fetch prune root bin prefix',
);

/** Programs that are asked for by name. */
export const TOOL_NAMES = words(
  'rg ripgrep docker git curl wget jq fd fzf psql mysql redis-cli sqlite3 ffmpeg convert kubectl helm terraform ansible aws gcloud az gh make cmake cargo go python python3 pip uv poetry node npm pnpm yarn bun deno java mvn gradle ruby bundle tmux screen ssh rsync systemctl journalctl bwrap openssl gpg nginx caddy tailscale podman',
);
