import type { Stranger, StrangerStep } from './strangers.ts';

const start: Record<string, string> = {
  'go.mod':
    'module example.org/ferry\n\ngo 1.20\n\nrequire (\n\tgithub.com/go-chi/chi/v5 v5.0.8\n\tgithub.com/jackc/pgx/v4 v4.18.1\n\tgithub.com/sirupsen/logrus v1.9.0\n\tgithub.com/spf13/cobra v1.7.0\n\tgithub.com/stretchr/testify v1.8.2\n)\n',
  Makefile:
    '.PHONY: build test lint run migrate proto seed\n\nVERSION ?= 0.8.0\n\nbuild:\n\tgo build -o bin/ferryd ./cmd/ferryd\n\ntest:\n\tgo test ./...\n\nlint:\n\tgolangci-lint run\n\nrun: build\n\t./bin/ferryd\n\nmigrate:\n\tgo run ./cmd/migrate up\n\nproto:\n\tprotoc --go_out=. api/ferry.proto\n\nseed:\n\tgo run ./cmd/seed\n',
  'docker-compose.yml':
    'services:\n  ferryd:\n    build: .\n    ports:\n      - "8080:8080"\n    environment:\n      FERRY_DB_DSN: postgres://ferry@db:5432/ferry\n      FERRY_LOG_FORMAT: text\n      FERRY_QUEUE_URL: amqp://queue:5672\n  db:\n    image: postgres:14-alpine\n    ports:\n      - "5433:5432"\n  queue:\n    image: rabbitmq:3.11-management\n    ports:\n      - "15672:15672"\n  cache:\n    image: redis:6\n',
  Dockerfile: 'FROM golang:1.20-alpine AS build\nWORKDIR /src\nCOPY . .\nRUN go build -o /ferryd ./cmd/ferryd\n',
  '.golangci.yml': 'run:\n  timeout: 3m\nlinters:\n  enable:\n    - errcheck\n    - gosec\n',
  'README.md': '# Ferry\n\nTimetables. Status page: https://status.ferry.internal/board\n',
  'configs/ferryd.toml':
    '[http]\naddr = ":8080"\nread_timeout = "5s"\n\n[booking]\nhold_minutes = 15\nmax_seats = 8\n\n[telemetry]\nendpoint = "http://otel.ferry.internal:4318"\nsample_rate = 0.1\n',
  'cmd/ferryd/main.go':
    'package main\n\nimport "example.org/ferry/internal/httpapi"\n\nfunc main() {\n\thttpapi.Serve()\n}\n',
  'cmd/migrate/main.go': 'package main\n\nfunc main() {}\n',
  'cmd/seed/main.go': 'package main\n\nfunc main() {}\n',
  'internal/httpapi/server.go':
    'package httpapi\n\n// Serve answers requests.\nfunc Serve() error { return nil }\n\ntype Server struct {\n\tAddr string\n}\n\nfunc (s *Server) Shutdown() error { return nil }\n',
  'internal/httpapi/middleware.go':
    'package httpapi\n\nfunc RequireLogin(next func()) func() { return next }\n\nfunc withRequestID(next func()) func() { return next }\n',
  'internal/booking/hold.go':
    'package booking\n\nconst DefaultHoldMinutes = 15\n\ntype Hold struct{ ID string }\n\nfunc PlaceHold(id string) (*Hold, error) { return &Hold{ID: id}, nil }\n',
  'internal/booking/seats.go':
    'package booking\n\nconst MaxSeats = 8\n\nfunc CountFree(sailing string) int { return 0 }\n',
  'internal/store/postgres.go':
    'package store\n\ntype PostgresStore struct{}\n\nfunc (p *PostgresStore) SaveBooking(id string) error { return nil }\n\nfunc Open(dsn string) (*PostgresStore, error) { return nil, nil }\n',
  'internal/store/memory.go': 'package store\n\ntype MemoryStore struct{}\n',
  'internal/timetable/parser.go':
    'package timetable\n\ntype Sailing struct{}\n\nfunc ParseGTFS(path string) ([]Sailing, error) { return nil, nil }\n',
  'pkg/money/money.go':
    'package money\n\ntype Amount int64\n\nfunc Parse(text string) (Amount, error) { return 0, nil }\n',
  'api/ferry.proto':
    'syntax = "proto3";\n\nmessage Booking {\n  string id = 1;\n}\n\nservice FerryService {\n  rpc Book(Booking) returns (Booking);\n}\n',
  'migrations/0001_init.sql': 'CREATE TABLE bookings (id text primary key);\n',
  'migrations/0002_holds.sql': 'CREATE TABLE holds (id text primary key);\n',
  'web/package.json':
    '{\n  "name": "ferry-web",\n  "scripts": { "build": "webpack", "watch": "webpack --watch", "check": "tsc --noEmit" },\n  "dependencies": { "preact": "^10.13.0", "htmx.org": "^1.9.2" },\n  "devDependencies": { "webpack": "^5.80.0" }\n}\n',
  'web/src/board.js': 'export function renderBoard() {}\nexport const REFRESH_SECONDS = 30;\n',
  'deploy/k8s/deployment.yaml':
    'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ferryd\nspec:\n  replicas: 2\n',
  'deploy/rollout.sh': '#!/bin/sh\nkubectl apply -f deploy/k8s\n',
  '.gitlab-ci.yml': 'stages: [test]\ntest:\n  image: golang:1.20\n  script: make test\n',
};

const compose = 'docker-compose.yml';

const steps: readonly StrangerStep[] = [
  { write: start },
  { edit: [['README.md', 'Timetables.', 'Timetables and bookings.']] },
  { edit: [['internal/booking/seats.go', 'return 0', 'return 1']] },
  { edit: [['go.mod', 'github.com/jackc/pgx/v4 v4.18.1', 'github.com/jackc/pgx/v5 v5.5.4']] },
  { edit: [['go.mod', '\tgithub.com/sirupsen/logrus v1.9.0\n', '']] },
  { move: [['internal/httpapi/middleware.go', 'internal/httpapi/auth.go']] },
  { edit: [['internal/httpapi/auth.go', 'RequireLogin', 'RequireAccount']] },
  { move: [['internal/store/postgres.go', 'internal/postgres/store.go']] },
  {
    edit: [
      ['internal/postgres/store.go', 'package store', 'package postgres'],
      ['internal/postgres/store.go', 'SaveBooking', 'InsertBooking'],
    ],
  },
  {
    edit: [
      [compose, '"8080:8080"', '"9090:9090"'],
      ['configs/ferryd.toml', ':8080', ':9090'],
    ],
  },
  {
    edit: [
      [compose, 'postgres:14-alpine', 'postgres:16-alpine'],
      [compose, '  cache:\n    image: redis:6\n', ''],
    ],
  },
  {
    edit: [
      ['Makefile', '\nproto:\n\tprotoc --go_out=. api/ferry.proto\n', ''],
      ['Makefile', ' proto', ''],
    ],
    remove: ['api/ferry.proto'],
  },
  {
    edit: [
      ['Makefile', '\nmigrate:', '\ndb-up:'],
      ['Makefile', 'run migrate', 'run db-up'],
    ],
  },
  {
    edit: [
      ['go.mod', 'go 1.20', 'go 1.22'],
      ['Dockerfile', '1.20', '1.22'],
      ['.gitlab-ci.yml', '1.20', '1.22'],
    ],
  },
  { edit: [['configs/ferryd.toml', 'hold_minutes', 'hold_ttl_minutes']] },
  {
    edit: [
      ['internal/booking/hold.go', 'PlaceHold', 'CreateHold'],
      ['internal/booking/hold.go', 'DefaultHoldMinutes', 'HoldMinutes'],
    ],
  },
  { edit: [['configs/ferryd.toml', 'http://otel.ferry.internal:4318', 'http://telemetry.ferry.internal:4317']] },
  {
    remove: ['cmd/seed/main.go'],
    edit: [
      ['Makefile', '\nseed:\n\tgo run ./cmd/seed\n', ''],
      ['Makefile', ' seed', ''],
    ],
  },
  { move: [['.gitlab-ci.yml', '.github/workflows/test.yml']] },
  {
    edit: [
      ['web/package.json', '"watch": "webpack --watch", ', ''],
      ['web/package.json', ', "htmx.org": "^1.9.2"', ''],
      ['web/package.json', '"webpack": "^5.80.0"', '"esbuild": "^0.21.0"'],
      ['web/package.json', '"build": "webpack"', '"build": "esbuild src/board.js"'],
    ],
  },
  {
    edit: [
      [compose, 'FERRY_LOG_FORMAT', 'FERRY_LOG_STYLE'],
      [compose, '3.11-management', '3.13-management'],
    ],
  },
  { move: [['pkg/money/money.go', 'internal/money/amount.go']] },
  { edit: [['internal/timetable/parser.go', 'ParseGTFS', 'ReadFeed']] },
  {
    edit: [
      ['deploy/k8s/deployment.yaml', 'replicas: 2', 'replicas: 3'],
      ['README.md', 'https://status.ferry.internal/board', 'https://status.ferry.internal/live'],
    ],
  },
  { move: [['deploy/rollout.sh', 'scripts/deploy.sh']] },
  {
    edit: [
      ['Makefile', '0.8.0', '1.0.0'],
      ['.golangci.yml', '3m', '5m'],
      ['web/src/board.js', 'REFRESH_SECONDS = 30', 'POLL_SECONDS = 30'],
    ],
  },
];

const facts = `
p+ The daemon starts in cmd/ferryd/main.go.
p- Test data comes from cmd/seed/main.go.
p- Login checks are in \`internal/httpapi/middleware.go\`.
p- Postgres access: internal/store/postgres.go
p+ There is an in-memory store for tests in internal/store/memory.go.
p- The wire format is described in \`api/ferry.proto\`; regenerate after editing.
p- Deployments are done by running deploy/rollout.sh
p- CI is in .gitlab-ci.yml.
p+ Kubernetes manifests are in deploy/k8s.
p+ Migrations are plain SQL, e.g. migrations/0002_holds.sql
p- Money is handled by pkg/money/money.go — never use floats.
p+[hold.go] p-[money.go] Read \`internal/booking/hold.go\` and \`pkg/money/money.go\` before touching prices.
p+ Linter settings: .golangci.yml
p- I always forget that the middleware sits in internal/httpapi/middleware.go and not in its own package.
p+ web/src/board.js draws the departure board
p+ The daemon's settings file is configs/ferryd.toml.
p- The \`pkg/money\` directory has no dependencies of its own.
y- \`RequireLogin\` wraps every route that changes something.
y- RequireLogin in internal/httpapi/middleware.go reads the cookie.
y+ Use \`withRequestID\` first in the chain.
y- \`PostgresStore.SaveBooking\` is idempotent.
y- Holds are made by PlaceHold() in internal/booking/hold.go.
y+ \`CountFree\` ignores cancelled sailings.
y- DefaultHoldMinutes in internal/booking/hold.go is 15.
y+ MaxSeats in internal/booking/seats.go is 8.
y- The feed is read by \`ParseGTFS\` in internal/timetable/parser.go
y+ The \`Sailing\` struct is in internal/timetable/parser.go.
y+ \`Server.Shutdown\` waits for open requests.
y+ \`MemoryStore\` is for tests only.
y- The board refreshes every \`REFRESH_SECONDS\` seconds (web/src/board.js).
y+ renderBoard() in web/src/board.js is called once at start.
y- \`FerryService\` in api/ferry.proto has one call.
y+[CountFree] y-[PlaceHold] Booking is two calls: \`CountFree\` then \`PlaceHold\`.
y+ The function httpapi.Serve starts listening.
y+ \`PostgresStore\` implements the store interface
y- func ParseGTFS takes a path, not a reader.
y+ \`Hold\` in internal/booking/hold.go has only an ID for now.
n+ \`make test\` runs everything.
n- make proto regenerates the Go code.
n- Apply migrations with \`make migrate\`.
n+ Lint with make lint before committing.
n- \`make seed\` fills the local database.
n- Rebuild the front end on change with \`npm run watch\` in web/.
n+ \`npm run check\` in web checks types.
n+[build] n-[migrate] First time: \`make build\` and then \`make migrate\`.
n- The Makefile has a \`proto\` target.
n+ make run builds and starts the daemon
d- Go 1.20 is what we build with.
d- pgx v4 is the database driver.
d- Logging is done with logrus.
d+ Routing uses chi v5.
d- github.com/jackc/pgx/v4 v4.18.1 is in go.mod.
d+ cobra 1.7.0 is used for the subcommands.
d+ Tests use testify
d- The front end depends on htmx.org.
d- webpack 5 bundles web/.
d+ preact 10 renders the board.
d- Postgres 14 runs in docker compose.
d- The queue is rabbitmq:3.11-management.
d- Compose starts redis:6 as a cache.
d+ \`github.com/stretchr/testify\` is at v1.8.2.
d- \`github.com/sirupsen/logrus\` writes the logs.
d- The images are built from golang:1.20-alpine.
d+[chi] d-[logrus] Main libraries: \`chi\` for routing and \`logrus\` for logs.
b- Branch \`pgx-v5\` is where the driver upgrade is prepared.
b+ Releases come off \`release/1.0\`.
b- The seat map experiment is on the branch experiment/seat-map.
b+ The main branch is called main.
b- Open a merge request against \`develop\`, that is our integration branch.
u- The daemon answers on http://localhost:8080.
u+ Postgres is reachable on localhost:5433 from the host.
u+ The RabbitMQ console is at http://localhost:15672
u- Traces go to http://otel.ferry.internal:4318
u- The status page is https://status.ferry.internal/board.
k- \`FERRY_LOG_FORMAT\` switches between text and JSON logs.
k+ The connection string is in FERRY_DB_DSN.
k- booking.hold_minutes in configs/ferryd.toml is 15.
k+ \`booking.max_seats\` is 8 in configs/ferryd.toml.
k- telemetry.endpoint is http://otel.ferry.internal:4318.
k+ \`telemetry.sample_rate\` is 0.1
k- The deployment has replicas: 2 (deploy/k8s/deployment.yaml).
k- \`run.timeout\` in .golangci.yml is 3m.
k+ http.read_timeout is "5s" in configs/ferryd.toml
k+ FERRY_QUEUE_URL points to RabbitMQ.
k- \`http.addr\` is ":8080".
k- VERSION in the Makefile is 0.8.0.
k+[max_seats] k-[hold_minutes] In configs/ferryd.toml, \`booking.max_seats\` and \`booking.hold_minutes\` matter most.
c+ \`go\` must be on PATH
c- protoc is installed here.
c- \`kubectl\` is installed and points to staging.
c+ docker is available on this machine.
c- golangci-lint is on the PATH.
`;

/** Go, make and docker compose, with a little web part: ferry timetables. */
export const mixed: Stranger = {
  name: 'ferry',
  steps,
  early: 2,
  branches: {
    early: ['main', 'pgx-v5', 'release/1.0', 'experiment/seat-map', 'develop'],
    now: ['main', 'release/1.0'],
  },
  programs: { early: ['go', 'protoc', 'kubectl', 'docker', 'golangci-lint', 'make'], now: ['go', 'docker', 'make'] },
  facts,
};
